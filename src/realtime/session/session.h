// Session: one client connection as the protocol sees it: who it is, what it follows, what it may do.
//
// It turns commands into calls of the broker, the presence store and the hub, and their results into replies.
// Commands of one client run one after the other. It knows no sockets (Transport does) and no rooms.
//
// Loop thread only. Lives inside its transport's object, at a fixed address; ends in two steps: Disconnect
// (or OnTransportClosed) leaves all channels at once, and the object is retired when the transport has closed
// and no command is in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.h"
#include "net/timer_wheel.h"
#include "realtime/hub/hub.h"
#include "realtime/hub/outbox.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/codes.h"
#include "realtime/session/context.h"
#include "realtime/session/transport.h"

namespace tidemill::session {

// Why a command did not do what it asked for: an error reply, or the end of the connection.
using Refusal = std::variant<protocol::ErrorCode, protocol::DisconnectCode>;
template <class T>
using Verdict = std::expected<T, Refusal>;

class Session;

// A channel the session follows, or is just about to.
struct ChannelSubscription final : hub::Subscription {
  Session* session = nullptr;
  std::unique_ptr<std::string> pending_name;  // until it is attached: then the hub has it
  std::unique_ptr<std::string> own_info;      // chan_info, raw bytes; null: empty
  std::int64_t expire_at = 0;                 // seconds since the Unix epoch; 0: never
  bool server_side = false;
  bool presence = false;    // has an entry there
  bool join_leave = false;  // its coming and going is published
  bool positioned = false;  // it follows the stream without a gap

  const std::string& channel_name() const { return attached() ? channel() : *pending_name; }
  std::string_view chan_info() const { return own_info ? std::string_view(*own_info) : std::string_view(); }
  void OnInappropriateData() override;
  void OnStreamLost() override;
};

struct SessionForm {
  protocol::Encoding encoding = protocol::Encoding::kJson;
  bool compressed = false;   // permessage-deflate was negotiated
  bool native_ping = false;  // the client asked for pings below the protocol
};

class Session final : public hub::OutboxOwner, private net::Timer {
 public:
  Session(Context& context, Transport& transport, SessionForm form);
  ~Session() override;

  // The transport's.
  void OnFrame(std::string_view frame);
  void OnWritable();
  void OnPong();  // answer to Transport::QueuePing
  void OnTransportClosed();

  // The directory's.
  void Disconnect(protocol::DisconnectCode code) { DisconnectWith(code.code, code.reason); }
  void DisconnectWith(std::uint32_t code, std::string_view reason);
  void ServerUnsubscribe(std::string_view channel, protocol::UnsubscribeCode code);  // "" all
  Task<Result<void>> ServerSubscribe(control::Subscribe subscribe);
  void ServerRefresh(const control::Refresh& refresh);

  const std::string& user() const { return user_; }
  const Uuid& client() const { return client_; }
  bool closed() const { return closed_; }
  std::size_t subscriptions() const { return subscriptions_.size(); }

  // Keeps the object alive across a suspension of someone else's task; released with the returned guard.
  class PinGuard {
   public:
    explicit PinGuard(Session& session) : session_(session) { ++session_.pins_; }
    PinGuard(const PinGuard&) = delete;
    PinGuard& operator=(const PinGuard&) = delete;
    ~PinGuard() {
      --session_.pins_;
      session_.RetireIfOver();
    }

   private:
    Session& session_;
  };
  PinGuard Pin() { return PinGuard(*this); }

  RegistryLink registry_link;  // the registry's

  // hub::OutboxOwner
  void OnSlow(std::size_t queued_bytes) override;

 private:
  friend struct ChannelSubscription;
  struct SubscribeTerms;  // subscribe.cc: what a subscription was granted

  // Frames that came while a command was in flight.
  struct Backlog {
    std::deque<std::string> frames;
    std::size_t bytes = 0;
  };
  // What of a connection is rarely there.
  struct Identity {
    std::string conn_info;                                      // raw bytes
    std::int64_t expire_at = 0;                                 // seconds since the Unix epoch; 0: never
    std::map<std::string, auth::TokenSubscription> token_subs;  // a refresh must bring the same
  };

  // session.cc
  Task<void> Pump(std::string frame);
  Task<void> RunFrame(std::string frame);
  Task<void> RunCommand(protocol::Command command);
  Task<void> Dispatch(std::uint32_t id, protocol::Command command);
  bool WithinCommandRate();
  void Reply(std::uint32_t id, decltype(protocol::Reply::result) result);
  void ReplyError(std::uint32_t id, protocol::ErrorCode error);
  void Refuse(std::uint32_t id, const Refusal& refusal);
  void QueuePush(protocol::Push push);
  void CheckQueue();
  void LeaveAll();
  void RetireIfOver();

  // connect.cc
  Task<void> Handle(std::uint32_t id, protocol::ConnectRequest request);
  Task<Verdict<auth::ConnectToken>> Authenticate(std::string token);
  Task<Verdict<void>> EnforceUserLimits();
  Verdict<std::map<std::string, auth::TokenSubscription>> ServerSideChannels(
      const auth::ConnectToken& token, const protocol::ConnectRequest& request);
  Task<Verdict<void>> SubscribeServerSide(std::map<std::string, auth::TokenSubscription> subs,
                                          protocol::ConnectRequest request, protocol::ConnectResult& result);
  void ReplyConnected(std::uint32_t id, protocol::ConnectResult result);

  // subscribe.cc
  Task<void> Handle(std::uint32_t id, protocol::SubscribeRequest request);
  Task<Verdict<SubscribeTerms>> Authorize(protocol::SubscribeRequest request);
  Task<Verdict<protocol::SubscribeResult>> Join(protocol::SubscribeRequest request, SubscribeTerms terms);
  bool TokenIsFor(const auth::SubscribeToken& token, std::string_view channel) const;
  std::unexpected<Refusal> FailJoin(std::string_view channel, const Error& error);
  void Announce(const ChannelSubscription* subscription);
  void Handle(std::uint32_t id, const protocol::UnsubscribeRequest& request);
  ChannelSubscription* FindSubscription(std::string_view channel) const;
  ChannelSubscription& AddSubscription(std::string_view channel);
  std::unique_ptr<ChannelSubscription> TakeSubscription(std::string_view channel);
  void EndSubscription(std::unique_ptr<ChannelSubscription> subscription);

  // commands.cc
  Task<void> Handle(std::uint32_t id, protocol::PublishRequest request);
  Task<void> Handle(std::uint32_t id, protocol::PresenceRequest request);
  Task<void> Handle(std::uint32_t id, protocol::PresenceStatsRequest request);
  Task<void> Handle(std::uint32_t id, protocol::HistoryRequest request);
  Verdict<void> MayAskPresence(std::string_view name) const;
  Verdict<channels::Channel> FindChannel(std::string_view channel) const;
  channels::Asker AskerOf(std::string_view channel) const;

  // refresh.cc
  Task<void> Handle(std::uint32_t id, protocol::RefreshRequest request);
  Task<void> Handle(std::uint32_t id, protocol::SubRefreshRequest request);
  void RefuseRefresh(std::uint32_t id, const Error& error, protocol::DisconnectCode expired);
  std::uint32_t TtlUntil(std::int64_t expire_at) const;

  // deadlines.cc
  void StartDeadlines();
  void Reschedule();
  void OnTimer() override;
  void EndLater(protocol::DisconnectCode code);
  void CheckSubscriptions();
  void OnStreamLost(const ChannelSubscription& subscription);
  void Ping();

  protocol::ClientInfo InfoFor(std::string_view chan_info) const;
  std::int64_t WallSeconds() const;
  const SessionSettings& settings() const { return *context_.settings; }

  Context& context_;
  Transport& transport_;
  hub::Outbox outbox_;
  std::string user_;
  std::unique_ptr<Identity> identity_;
  std::vector<std::unique_ptr<ChannelSubscription>> subscriptions_;
  std::unique_ptr<Backlog> backlog_;
  const protocol::DisconnectCode* end_with_ = nullptr;  // to be closed with it, at the next timer
  Uuid client_;
  MonotonicTime next_ping_{};  // before the connect command succeeded: when the session is stale
  std::uint32_t command_second_ = 0;
  std::uint32_t commands_in_second_ = 0;
  const SessionForm form_;
  bool connecting_ = false;  // a connect command was seen
  bool registered_ = false;  // is in the registry
  bool connected_ = false;   // … and succeeded
  bool awaiting_pong_ = false;
  bool pumping_ = false;  // a command is in flight
  bool retired_ = false;
  std::uint16_t pins_ = 0;  // tasks that refer to this session
  bool closed_ = false;
  bool transport_closed_ = false;
  bool subscriptions_expire_ = false;
};

}  // namespace tidemill::session
