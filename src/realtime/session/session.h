// Session: one client connection as the protocol sees it: frames in, commands one after the other, replies
// out.
//
// It owns the parts that know the rest: who the client is (Client), what it follows (Subscriptions), what it
// may ask for (Commands), when it has to be looked at (Deadlines). It knows no sockets (Transport does) and
// no rooms.
//
// Loop thread only. Lives inside its transport's object, at a fixed address; ends in two steps: Disconnect
// (or OnTransportClosed) leaves all channels, very many in several turns, and gets nothing of them from then
// on; and the object is retired when the transport has closed and no command is in flight.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/timer_wheel.h"
#include "realtime/control/actions.h"
#include "realtime/protocol/codes.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/client.h"
#include "realtime/session/command_rate.h"
#include "realtime/session/commands.h"
#include "realtime/session/deadlines.h"
#include "realtime/session/describe.h"
#include "realtime/session/in_flight.h"
#include "realtime/session/registry.h"
#include "realtime/session/subscriptions.h"
#include "realtime/session/transport.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

class Session final : public ClientEvents, private net::Timer {
 public:
  Session(Context& context, Transport& transport, SessionForm form);
  ~Session() override;

  // The transport's, first of all: of the request that has opened the connection.
  void KeepHeaders(const http::Request& request) { client_.KeepHandshakeHeaders(request.headers); }
  // The transport's.
  void OnFrame(std::string_view frame);
  // Of a client that only listens, in place of commands.
  void OnConnectRequest(protocol::ConnectRequest request);
  void OnWritable();
  void OnPong() { deadlines_.TakeNativePong(); }  // answer to Transport::QueuePing
  // The client sent frames that are work and no message: they count as commands.
  void OnExtraFrames(std::size_t frames);
  // There is no room for what the client sends: the transport closes it.
  void OnBuffersUsedUp();
  void OnTransportClosed();

  // The directory's, from the session's accepted token on. An unsubscribe of what is being joined, and a
  // refresh of who is connecting, are done at once, and the reply that is still to come agrees with them; a
  // subscribe waits for that reply.
  Task<Result<void>> Apply(control::Subscribe subscribe);
  Task<void> Apply(control::Unsubscribe unsubscribe);
  void Apply(const control::Disconnect& disconnect) { DisconnectWith(disconnect.code, disconnect.reason); }
  void Apply(const control::Refresh& refresh);
  Result<void> Apply(const control::Deliver& deliver);
  // A decision that the access list has.
  void Apply(const access::Entry& entry);

  bool connected() const { return phase_ == Phase::kConnected; }
  // As operators see it.
  control::ConnectionInfo Describe() const {
    return session::Describe(client_, subscriptions_, context().app_names.Of(app_));
  }

  void Disconnect(protocol::DisconnectCode code);

  const std::string& user() const { return client_.user; }
  const Uuid& client() const { return client_.id; }
  const Uuid* secret() const { return transport_.secret(); }
  std::size_t subscriptions() const { return subscriptions_.size(); }
  net::Loop& loop() const { return context().loop; }

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

  // ClientEvents
  std::size_t answer_bytes() const override { return in_flight_ ? in_flight_->answer_bytes() : 0; }
  void OnSlow(std::size_t queued_bytes) override;
  void OnInappropriateData() override;
  void OnStreamLost(const ChannelSubscription& subscription) override;
  void OnKeyRemoved(const std::string& channel, const protocol::PublicationPtr& removal) override {
    QueuePush({.channel = channel, .body = removal});
  }

 private:
  // How far the connection has come.
  enum class Phase : std::uint8_t {
    kNew,         // no connect command yet
    kConnecting,  // one was seen; a refused token leaves it here, and the connection is of no use
    kRegistered,  // its user is known: it is in the registry
    kRefused,     // and then it got an error reply: the connection is of no use
    kConnected,   // other commands are allowed
    kClosed,      // it has left everything
  };
  enum class Carrier : std::uint8_t { kOpen, kClosed, kRetired };

  // Whether there was room for it; the session is disconnected if there was none.
  bool TakeFrame(std::string_view frame);
  Task<void> Pump(std::string frame);
  Task<void> ConnectListener(protocol::ConnectRequest request);
  Task<void> RunFrame(std::string frame, InFlight& in_flight);
  Task<void> RunCommand(protocol::Command command);
  Task<void> Connect(std::uint32_t id, protocol::ConnectRequest request);
  // Replies when it succeeds.
  Task<Verdict<void>> TryConnect(std::uint32_t id, protocol::ConnectRequest request);
  void TakePong();
  void GiveTimeForPongs();
  // Whether so many are within the client's rate; it is disconnected if they are not.
  bool AdmitCommands(std::size_t commands);

  void Answer(std::uint32_t id, Verdict<ReplyBody> answer);
  void Reply(std::uint32_t id, ReplyBody body);
  void Refuse(std::uint32_t id, const Refusal& refusal);
  // Ends the connection: who only listens gets no error replies.
  void RefuseListener(const protocol::ErrorCode& error);
  // Whether what waits counts against client.queue_max_size.
  enum class Counted : std::uint8_t { kAgainstLimit, kAsAnswer };
  void QueuePush(protocol::Push push, Counted counted = Counted::kAgainstLimit);
  void CheckQueue();

  // For what the client did.
  void DisconnectFor(protocol::DisconnectCode code, std::string_view why);
  void DisconnectWith(std::uint32_t code, std::string_view reason);
  // Where nothing may end inside the call.
  void DisconnectSoon(protocol::DisconnectCode code);
  // Ends a subscription and tells the client why, when it knows of the subscription.
  void Unsubscribe(std::string_view channel, protocol::UnsubscribeCode code);
  void PushUnsubscribe(const std::string& channel, std::uint32_t code);
  // Tells the client what the server subscribed it to, and what it has missed there: an answer, though the
  // server asked for it.
  Task<void> PushSubscribed(std::string channel, protocol::SubscribeResult result);
  Task<void> WorkOff(InFlight& in_flight, std::optional<std::string> frame);
  void End(std::uint32_t code, std::string_view reason);
  Task<void> LeaveTheRest();
  void RetireIfOver();

  void OnTimer() override;
  void Ping();
  // Whether the client, whose pong is due, has taken something of what stands before the ping.
  bool ShowsLife();
  // Whether the backend says what becomes of the connection, whose time is over.
  bool RefreshByBackend();
  Task<void> Prolong();
  Task<void> Prolong(std::string channel, std::uint32_t number);
  void EndExpiredSubscriptions(WallTime now);
  void EndExpired(const std::string& channel);
  void Reschedule();
  Deadlines::Moment Now() const;
  Deadlines::Expiry Expiry() const;

  bool closed() const { return phase_ == Phase::kClosed; }
  // Closed, or about to be: nothing more is begun or queued.
  bool ending() const { return closed() || end_code_ != 0; }
  bool listens() const { return client_.form.direction == protocol::Direction::kUnidirectional; }
  const SessionSettings& settings() const { return client_.settings(); }
  Context& context() const { return client_.context; }

  // An idle connection is mostly this object: small members stand where the ones before them end.
  Transport& transport_;
  [[no_unique_address]] Client client_;
  Phase phase_ = Phase::kNew;
  Carrier carrier_ = Carrier::kOpen;
  std::uint8_t app_ = 0;    // AppNames
  std::uint16_t pins_ = 0;  // tasks that refer to this session
  [[no_unique_address]] Subscriptions subscriptions_{client_};
  InFlight* in_flight_ = nullptr;  // null: no command is
  CommandRate rate_;
  [[no_unique_address]] Deadlines deadlines_;
  std::uint16_t end_code_ = 0;  // to be disconnected with it, at the next timer; 0: not
  // Of what stood before the last ping (Stream::TransitMark): what the client takes of it is a sign of life.
  std::uint32_t before_ping_ = 0;
};

}  // namespace tidemill::session
