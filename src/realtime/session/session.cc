#include "realtime/session/session.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/next_turn.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/reply_bytes.h"
#include "realtime/session/backend_refresh.h"
#include "realtime/session/connect.h"
#include "realtime/session/connect_status.h"
#include "realtime/session/context.h"
#include "realtime/session/decision.h"
#include "realtime/session/known_code.h"

namespace tidemill::session {

Session::Session(Context& context, Transport& transport, SessionForm form)
    : transport_(transport),
      client_(context, *this, transport.stream(), form),
      deadlines_(context.loop.Now() + context.settings->client.stale_close_delay) {
  Reschedule();
}

Session::~Session() = default;

// ---- the transport

void Session::OnFrame(std::string_view frame) {
  if (closed()) return;
  const bool waits = in_flight_ != nullptr;
  if (TakeFrame(frame) && waits) transport_.stream().PauseReading();
}

bool Session::TakeFrame(std::string_view frame) {
  context().metrics.frames_received.Add();
  context().metrics.bytes_received.Add(frame.size());
  if (!in_flight_) {
    context().scope.Spawn(Pump(std::string(frame)));
    return true;
  }
  if (in_flight_->Push(frame)) return true;
  Disconnect(protocol::kDisconnectTooManyRequests);
  return false;
}

void Session::OnConnectRequest(protocol::ConnectRequest request) {
  if (!closed()) context().scope.Spawn(ConnectListener(std::move(request)));
}

void Session::OnWritable() {
  if (closed()) return;
  client_.outbox.OnWritable();
  if (in_flight_) in_flight_->OnWritable();
}

void Session::OnExtraFrames(std::size_t frames) {
  if (!closed()) AdmitCommands(frames);
}

bool Session::AdmitCommands(std::size_t commands) {
  const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(commands, UINT32_MAX));
  if (rate_.Admit(context().loop.Now(), settings().client.commands_per_second, count)) return true;
  Disconnect(protocol::kDisconnectTooManyRequests);
  return false;
}

void Session::OnBuffersUsedUp() {
  constexpr protocol::DisconnectCode kTryAgainLater = {.code = 1013, .reason = "no memory for the message"};
  context().refusals.Note(client_, kTryAgainLater,
                          {.reason = RefusalReason::kLimit, .setting = "http_server.buffers_bytes_max"});
}

void Session::OnTransportClosed() {
  carrier_ = Carrier::kClosed;
  End(kConnectionClosedCode, kConnectionClosedReason);
  RetireIfOver();
}

// ---- commands

Task<void> Session::Pump(std::string frame) {
  const PinGuard pin = Pin();
  InFlight in_flight(transport_.stream(), context().metrics.unread_answer_bytes, in_flight_,
                     context().buffers);
  co_await WorkOff(in_flight, std::move(frame));
}

Task<void> Session::ConnectListener(protocol::ConnectRequest request) {
  const PinGuard pin = Pin();
  InFlight in_flight(transport_.stream(), context().metrics.unread_answer_bytes, in_flight_,
                     context().buffers);
  context().metrics.commands[protocol::Command{.request = protocol::ConnectRequest()}.request.index()]->Add();
  co_await Connect(0, std::move(request));
  co_await in_flight.UntilRoom();
}

// The frame, and those that come meanwhile.
Task<void> Session::WorkOff(InFlight& in_flight, std::optional<std::string> frame) {
  for (; frame && !ending(); frame = in_flight.Pop()) {
    co_await RunFrame(*std::move(frame), in_flight);
  }
  if (in_flight.has_backlog() && carrier_ == Carrier::kOpen) transport_.stream().ResumeReading();
}

Task<void> Session::RunFrame(std::string frame, InFlight& in_flight) {
  protocol::CommandReader reader(client_.form.encoding, frame);
  if (reader.empty()) DisconnectFor(protocol::kDisconnectBadRequest, "an empty frame");
  while (!ending()) {
    auto command = reader.Next();
    if (!command) {
      DisconnectFor(protocol::kDisconnectBadRequest, command.error().detail);
      break;
    }
    if (!*command) break;
    co_await RunCommand(*std::move(*command));
    co_await in_flight.UntilRoom();
    if (!reader.at_end() && context().loop.ShareSpent()) co_await net::NextTurn(context().loop);
  }
}

Task<void> Session::RunCommand(protocol::Command command) {
  context().metrics.commands[command.request.index()]->Add();
  if (!AdmitCommands(1)) co_return;
  const std::uint32_t id = command.id;
  if (auto* const connect = std::get_if<protocol::ConnectRequest>(&command.request); connect && id != 0) {
    co_return co_await Connect(id, std::move(*connect));
  }
  if (phase_ != Phase::kConnected) {
    co_return DisconnectFor(protocol::kDisconnectBadRequest, "a command before connect");
  }
  if (std::holds_alternative<std::monostate>(command.request) && id == 0) co_return TakePong();
  if (std::holds_alternative<protocol::SendRequest>(command.request)) {
    co_return DisconnectFor(protocol::kDisconnectNotAvailable, "nobody takes what clients send");
  }
  if (id == 0) co_return DisconnectFor(protocol::kDisconnectBadRequest, "a command without an id");
  const Operation operation = Operation::Of(command);
  auto admitted = client_.MaySend(operation);
  if (admitted && context().shared_rates) admitted = co_await client_.MaySendOverAll(operation);
  if (closed()) co_return;
  if (!admitted) co_return Refuse(id, admitted.error());
  const bool sets_expiry = Commands::SetsExpiry(command.request);
  Commands commands(client_, subscriptions_);
  auto answer = co_await commands.Run(std::move(command.request));
  if (closed()) co_return;
  GiveTimeForPongs();
  Answer(id, std::move(answer));
  if (closed()) co_return;
  if (commands.paused()) client_.outbox.Resume();
  if (const auto& ended = commands.ended()) PushUnsubscribe(ended->channel, ended->code);
  if (sets_expiry) Reschedule();
}

void Session::Answer(std::uint32_t id, Verdict<ReplyBody> answer) {
  if (!answer) return Refuse(id, answer.error());
  if (!std::holds_alternative<protocol::SubscribeResult>(*answer)) {
    const auto fits = client_.MayAnswer(protocol::ReplyBytes(*answer));
    if (!fits) return Refuse(id, fits.error());
  }
  Reply(id, *std::move(answer));
}

// Those that wait behind a command have their time from its end on.
void Session::GiveTimeForPongs() {
  const bool awaited = client_.awaited_others;
  client_.awaited_others = false;
  if (!awaited || !deadlines_.awaits_pong()) return;
  deadlines_.WaitBehindCommand(context().loop.Now(), settings().client);
  Reschedule();
}

// The answer to a ping: one per ping.
void Session::TakePong() {
  if (!deadlines_.TakePong()) DisconnectFor(protocol::kDisconnectBadRequest, "a pong that no ping asked for");
}

Task<void> Session::Connect(std::uint32_t id, protocol::ConnectRequest request) {
  if (phase_ != Phase::kNew) co_return DisconnectFor(protocol::kDisconnectBadRequest, "a second connect");
  phase_ = Phase::kConnecting;
  const auto connected = co_await TryConnect(id, std::move(request));
  if (closed()) co_return;
  context().settling.Wake(client_);
  if (connected) co_return;
  if (phase_ == Phase::kRegistered) phase_ = Phase::kRefused;
  subscriptions_.Close();
  Refuse(id, connected.error());
}

// From its accepted token on others may act on the session; the reply tells what came of it.
Task<Verdict<void>> Session::TryConnect(std::uint32_t id, protocol::ConnectRequest request) {
  ConnectCommand connect(client_, subscriptions_);
  TM_CO_TRY_ASSIGN(ConnectTerms terms, co_await connect.Authenticate(request));
  if (closed()) co_return {};
  client_.user = terms.user;
  if (terms.expire_at != 0 || !terms.info.empty()) client_.Renew(terms.expire_at, &terms.info);
  client_.KeepMeta(std::move(terms.meta));
  context().registry.Add(*this);
  phase_ = Phase::kRegistered;
  const bool by_token = terms.from == ConnectTerms::From::kToken;
  if (by_token) client_.KeepToken(std::move(terms.token), std::move(terms.claims));
  app_ = context().app_names.Take(request.name, request.version);
  // Where others find it by now: a decision that comes later finds it too.
  TM_CO_TRY(co_await connect.CheckAccess());
  if (closed()) co_return {};
  TM_CO_TRY_ASSIGN(InitialSubscriptions wanted, connect.ChannelsOf(terms, request));
  TM_CO_TRY(connect.Begin(wanted));
  if (by_token) client_.KeepSubs(std::move(terms.subs));
  TM_CO_TRY(co_await connect.EnforceUserLimits());
  if (closed()) co_return {};
  // Publications of the server-side subscriptions must not overtake the reply that tells of them.
  client_.outbox.Pause();
  TM_CO_TRY_ASSIGN(auto subs, co_await connect.Join(std::move(wanted), std::move(request)));
  if (closed()) co_return {};

  phase_ = Phase::kConnected;
  if (client_.identity) client_.identity->connected_at = client_.WallSeconds();
  transport_.Admit();
  context().metrics.CountConnected(client_.form.transport());
  context().lifecycle.OnConnected(client_, context().app_names.Of(app_));
  client_.asks_backend = context().backend && context().backend->refreshes_connections();
  protocol::ConnectResult result = connect.Result();
  result.subs = std::move(subs);
  result.data = std::move(terms.data);
  if (const Uuid* const session_secret = secret()) {
    result.session = session_secret->ToString();
    if (!listens()) result.node = settings().node_id;
  }
  Reply(id, std::move(result));
  client_.outbox.Resume();
  deadlines_.StartPings(context().loop.Now(), settings().client);
  Reschedule();
  for (const std::string& channel : subscriptions_.Channels()) subscriptions_.Announce(channel);
  co_return {};
}

// ---- what the client is told

void Session::Reply(std::uint32_t id, ReplyBody body) {
  if (ending()) return;
  context().metrics.replies_sent.Add();
  std::string& message = context().reply_buffer;
  message.clear();
  message.reserve(protocol::ReplyBytes(body));
  auto* const connected = listens() ? std::get_if<protocol::ConnectResult>(&body) : nullptr;
  if (connected) {
    protocol::AppendPush(client_.form.encoding, {.channel = "", .body = std::move(*connected)}, message,
                         client_.form.direction);
  } else {
    protocol::AppendReply(client_.form.encoding, {.id = id, .result = std::move(body)}, message);
  }
  transport_.QueueMessage(message);
  in_flight_->CountAnswer(message.size());
  // One that has grown larger for once is given back.
  constexpr std::size_t kReplyBytesKept = 1 << 20;
  if (message.capacity() > kReplyBytesKept) std::string().swap(message);
  CheckQueue();
}

void Session::Refuse(std::uint32_t id, const Refusal& refusal) {
  const auto* const error = std::get_if<protocol::ErrorCode>(&refusal);
  if (!error) return Disconnect(std::get<protocol::DisconnectCode>(refusal));
  context().refusals.NoteOnce(client_, refusal);
  context().metrics.CountError(error->code);
  if (listens()) return RefuseListener(*error);
  Reply(id, protocol::ErrorReply{error->code, std::string(error->message), error->temporary});
}

void Session::RefuseListener(const protocol::ErrorCode& error) {
  const protocol::DisconnectCode code = DisconnectInPlaceOf(error);
  End(code.code, code.reason);
  context().metrics.CountDisconnect(code.code);
  transport_.RefuseConnect(error, code);
}

void Session::QueuePush(protocol::Push push, Counted counted) {
  if (ending()) return;
  std::string message;
  protocol::AppendPush(client_.form.encoding, push, message, client_.form.direction);
  transport_.QueueMessage(message);
  if (counted == Counted::kAsAnswer) in_flight_->CountAnswer(message.size());
  CheckQueue();
}

void Session::CheckQueue() {
  if (client_.outbox.waiting_bytes() > settings().client.queue_max_size) {
    DisconnectSoon(protocol::kDisconnectSlow);
  }
}

// ---- the directory

Task<Result<void>> Session::Apply(control::Subscribe subscribe) {
  while (phase_ == Phase::kRegistered) co_await context().settling.Next(client_);
  co_await subscriptions_.UntilSettled(subscribe.channel);
  if (phase_ != Phase::kConnected || subscriptions_.Find(subscribe.channel)) co_return {};
  if (!subscriptions_.Begin(subscribe.channel)) {
    co_return Fail(Errc::kLimitExceeded, "client.channel_limit reached");
  }
  protocol::SubscribeRequest request;
  request.channel = subscribe.channel;
  if (subscribe.recover_since) {
    request.recover = true;
    request.offset = subscribe.recover_since->offset;
    request.epoch = subscribe.recover_since->epoch;
  }
  SubscribeTerms terms{.server_side = true,
                       .info = std::move(subscribe.info),
                       .data = std::move(subscribe.data),
                       .expire_at = subscribe.expire_at,
                       .overrides = subscribe.overrides};
  auto joined = co_await subscriptions_.Join(std::move(request), std::move(terms));
  if (closed()) co_return {};
  if (!joined) co_return Fail(Errc::kInternal, "the broker or the presence store refused");
  if (joined->ended) co_return {};  // by a later call: the client has heard of neither
  context().scope.Spawn(PushSubscribed(subscribe.channel, std::move(joined->result)));
  if (closed()) co_return {};
  subscriptions_.Announce(subscribe.channel);
  Reschedule();
  co_return {};
}

Task<void> Session::PushSubscribed(std::string channel, protocol::SubscribeResult result) {
  const PinGuard pin = Pin();
  std::optional<InFlight> own;
  if (!in_flight_)
    own.emplace(transport_.stream(), context().metrics.unread_answer_bytes, in_flight_, context().buffers);
  // One beside what the client has not read, as with its commands; more is held against it.
  const bool is_one_more = in_flight_->answer_bytes() <= InFlight::kAnswerBytesMax;
  const Counted counted = is_one_more ? Counted::kAsAnswer : Counted::kAgainstLimit;
  QueuePush({.channel = channel,
             .body = protocol::SubscribePush{.recoverable = result.recoverable,
                                             .epoch = std::move(result.epoch),
                                             .offset = result.offset,
                                             .positioned = result.positioned,
                                             .data = std::move(result.data)}},
            counted);
  // The push has no room for what was missed: it follows as ordinary publications.
  for (protocol::PublicationPtr& publication : result.publications) {
    QueuePush({.channel = channel, .body = std::move(publication)}, counted);
  }
  if (!own) co_return;  // the command in flight has the next one wait until the client has taken all
  co_await own->UntilRoom();
  co_await WorkOff(*own, own->Pop());
}

Task<void> Session::Apply(control::Unsubscribe unsubscribe) {
  if (!unsubscribe.channel.empty()) {
    Unsubscribe(unsubscribe.channel, protocol::kUnsubscribeServer);
    co_return;
  }
  for (const std::string& channel : subscriptions_.CatchUpChannels()) {
    Unsubscribe(channel, protocol::kUnsubscribeServer);
  }
  // From the last on: the table is a sorted vector. What is begun meanwhile is another request's.
  const std::uint32_t last = subscriptions_.last_number();
  std::vector<std::string> channels = subscriptions_.Channels();
  for (; !channels.empty() && !closed(); channels.pop_back()) {
    const ChannelSubscription* const subscription = subscriptions_.Find(channels.back());
    if (!subscription || subscription->number > last) continue;
    Unsubscribe(channels.back(), protocol::kUnsubscribeServer);
    if (context().loop.ShareSpent()) co_await net::NextTurn(context().loop);
  }
}

void Session::Apply(const control::Refresh& refresh) {
  if (refresh.expired || client_.IsPast(refresh.expire_at)) {
    return Disconnect(protocol::kDisconnectExpired);
  }
  client_.Renew(refresh.expire_at, refresh.info ? &*refresh.info : nullptr);
  if (phase_ != Phase::kConnected) return;  // the reply to connect tells
  protocol::RefreshPush push;
  if (refresh.expire_at != 0) {
    push.expires = true;
    push.ttl = client_.TtlUntil(refresh.expire_at);
  }
  QueuePush({.channel = "", .body = push});
  Reschedule();
}

Result<void> Session::Apply(const control::Deliver& deliver) {
  if (closed()) return Fail(Errc::kNotFound, "the session has ended");
  if (listens()) {
    return Fail(Errc::kPermissionDenied, "the session is of a client that only listens");
  }
  if (!TakeFrame(deliver.frame)) {
    return Fail(Errc::kLimitExceeded, "too many requests: earlier ones of the session wait for its client");
  }
  return {};
}

void Session::Apply(const access::Entry& entry) {
  if (closed()) return;
  if (const auto code = EndsConnection(entry, client_)) return Disconnect(*code);
  for (const std::string& channel : subscriptions_.RevokedBy(entry)) {
    Unsubscribe(channel, protocol::kUnsubscribeServer);
  }
}

// ---- the end

void Session::Disconnect(protocol::DisconnectCode code) {
  if (closed()) return;
  context().refusals.NoteOnce(client_, code);
  DisconnectWith(code.code, code.reason);
}

void Session::DisconnectFor(protocol::DisconnectCode code, std::string_view why) {
  if (closed()) return;
  context().refusals.Note(client_, code, {.why = why});
  Disconnect(code);
}

void Session::DisconnectWith(std::uint32_t code, std::string_view reason) {
  if (closed()) return;
  End(code, reason);
  context().metrics.CountDisconnect(code);
  log::Debug("session.disconnected", {{"client", client_.id.ToString()}, {"code", code}, {"reason", reason}});
  transport_.Close(code, reason);
}

void Session::DisconnectSoon(protocol::DisconnectCode code) {
  if (closed() || end_code_ != 0) return;
  end_code_ = static_cast<std::uint16_t>(code.code);
  context().loop.timers().Schedule(*this, context().loop.Now());
}

void Session::End(std::uint32_t code, std::string_view reason) {
  if (closed()) return;
  const Phase reached = std::exchange(phase_, Phase::kClosed);
  context().loop.timers().Cancel(*this);
  if (in_flight_) in_flight_->Wake();
  if (context().backend) context().backend->OnClientGone(client_);
  client_.outbox.Close();
  if (!subscriptions_.CloseSome()) context().scope.Spawn(LeaveTheRest());
  if (reached == Phase::kConnected) {
    context().metrics.CountGone(client_.form.transport());
    context().lifecycle.OnDisconnected(client_, context().app_names.Of(app_), code, reason);
  }
  if (reached >= Phase::kRegistered) context().registry.Remove(*this);
  context().app_names.GiveBack(std::exchange(app_, std::uint8_t{0}));
  context().settling.Wake(client_);
}

Task<void> Session::LeaveTheRest() {
  const PinGuard pin = Pin();
  do {
    co_await net::NextTurn(context().loop);
  } while (!subscriptions_.CloseSome());
}

void Session::RetireIfOver() {
  if (carrier_ != Carrier::kClosed || pins_ > 0) return;
  carrier_ = Carrier::kRetired;
  transport_.Retire();
}

// ---- subscriptions that cannot go on

void Session::Unsubscribe(std::string_view channel, protocol::UnsubscribeCode code) {
  const std::string name(channel);
  // Where the reply is still to come, whoever gives it tells the client.
  if (subscriptions_.Leave(name, code.code) == Left::kFollowed && phase_ == Phase::kConnected) {
    PushUnsubscribe(name, code.code);
  }
}

void Session::PushUnsubscribe(const std::string& channel, std::uint32_t code) {
  context().metrics.CountUnsubscribe(code);
  QueuePush({.channel = channel,
             .body = protocol::UnsubscribePush{
                 code, std::string(KnownCode(protocol::AllUnsubscribeCodes(), code).reason)}});
}

void Session::OnSlow(std::size_t queued_bytes) {
  log::Debug("session.fell_behind", {{"client", client_.id.ToString()}, {"queued_bytes", queued_bytes}});
  DisconnectSoon(protocol::kDisconnectSlow);
}

void Session::OnInappropriateData() { DisconnectSoon(protocol::kDisconnectInappropriateProtocol); }

// At once: nothing of the new stream may reach who followed the old one. The client subscribes anew and is
// told whether it recovered; a server-side subscription ends with its connection.
void Session::OnStreamLost(const ChannelSubscription& subscription) {
  if (subscription.server_side) return Disconnect(protocol::kDisconnectInsufficientState);
  Unsubscribe(subscription.channel_name(), protocol::kUnsubscribeInsufficientState);
}

// ---- deadlines

Deadlines::Moment Session::Now() const {
  return {.now = context().loop.Now(),
          .wall = context().loop.clock().WallNow(),
          .answers_wait = client_.awaits_others};
}

Deadlines::Expiry Session::Expiry() const {
  return {.connection = client_.expire_at(),
          .connection_delay = IsRefreshed(client_) ? Duration{} : settings().client.expired_close_delay,
          .subscription = subscriptions_.EarliestExpiry()};
}

void Session::Reschedule() {
  if (closed() || end_code_ != 0) return;
  context().loop.timers().Schedule(*this, deadlines_.NextCheck(Now(), settings().client, Expiry()));
}

void Session::OnTimer() {
  if (end_code_ != 0) return Disconnect(KnownCode(protocol::AllDisconnectCodes(), end_code_));
  const Deadlines::Moment moment = Now();
  const Deadlines::Due due = deadlines_.Check(moment, settings().client, Expiry());
  switch (due) {
    case Deadlines::Due::kStale: return Disconnect(protocol::kDisconnectStale);
    case Deadlines::Due::kExpired:
      if (!RefreshByBackend()) return Disconnect(protocol::kDisconnectExpired);
      break;
    case Deadlines::Due::kNoPong:
      if (!ShowsLife()) return Disconnect(protocol::kDisconnectNoPong);
      deadlines_.WaitLonger(moment.now, settings().client);
      break;
    case Deadlines::Due::kPing:
    case Deadlines::Due::kNothing: break;
  }
  EndExpiredSubscriptions(moment.wall);
  if (closed()) return;
  if (due == Deadlines::Due::kPing) Ping();
  Reschedule();
}

bool Session::ShowsLife() {
  const std::uint32_t before = before_ping_;
  if (before == 0) return false;
  before_ping_ = transport_.stream().TransitMark();
  return before_ping_ != before;
}

void Session::Ping() {
  const bool something_before = transport_.stream().TransitMark() != 0;
  // A client that only listens is told with a message, and shows that it is there where the transport can
  // ask.
  const bool native = (client_.form.native_ping || listens()) && transport_.QueuePing();
  if (!native || listens()) {
    std::string message;
    protocol::AppendPing(client_.form.encoding, message);
    transport_.QueueMessage(message);
  }
  before_ping_ = something_before ? transport_.stream().TransitMark() : 0;
  const auto pong = native || !listens() ? Deadlines::Pong::kAwaited : Deadlines::Pong::kNone;
  deadlines_.OnPingSent(context().loop.Now(), settings().client, pong);
}

bool Session::RefreshByBackend() {
  if (!IsRefreshed(client_)) return false;
  context().scope.Spawn(Prolong());
  return true;
}

Task<void> Session::Prolong() {
  const PinGuard pin = Pin();
  if (!co_await ProlongConnection(client_)) co_return Disconnect(protocol::kDisconnectExpired);
  Reschedule();
}

Task<void> Session::Prolong(std::string channel, std::uint32_t number) {
  const PinGuard pin = Pin();
  if (!co_await ProlongSubscription(client_, subscriptions_, channel, number)) EndExpired(channel);
  Reschedule();
}

void Session::EndExpiredSubscriptions(WallTime now) {
  const Duration delay = settings().client.expired_sub_close_delay;
  std::vector<std::pair<std::string, std::uint32_t>> expired;
  for (const ChannelSubscription* const one : subscriptions_.ExpiredAt({now.ms - delay.ms})) {
    expired.emplace_back(one->channel_name(), one->asks_backend && context().backend ? one->number : 0);
  }
  for (auto& [channel, number] : expired) {
    if (closed()) return;
    if (number == 0) {
      EndExpired(channel);
    } else {
      context().scope.Spawn(Prolong(std::move(channel), number));
    }
  }
}

// A client-side one ends so that the client can subscribe anew, a server-side one together with the
// connection.
void Session::EndExpired(const std::string& channel) {
  const ChannelSubscription* const subscription = subscriptions_.Find(channel);
  if (!subscription) return;
  if (subscription->server_side) return Disconnect(protocol::kDisconnectSubExpired);
  Unsubscribe(channel, protocol::kUnsubscribeExpired);
}

}  // namespace tidemill::session
