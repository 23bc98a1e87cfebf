#include "jobs/nodes/relay.h"

#include <fmt/format.h>

#include <utility>

#include "http/url.h"
#include "jobs/faktory/reply.h"
#include "jobs/nodes/owner_port.h"
#include "jobs/nodes/refusals.h"
#include "net/connect.h"
#include "net/resolve.h"

namespace tidemill::nodes {
namespace {

// For the connection to the owner, its answer included.
constexpr Duration kPatience = Seconds(4);
// How long a connection that ends stays open for what was sent.
constexpr Duration kLinger = Seconds(2);
// What is kept for one that does not take it, before the other is not read any more.
constexpr std::size_t kBufferedBytesMax = 64 << 10;
constexpr std::size_t kAnswerBytesMax = 1024;

// An owner that vanished with its machine is found in time.
constexpr net::KeepAlive kKeepAlive{
    .idle_s = 5, .interval_s = 2, .count = 2, .unacknowledged_max = Seconds(9)};

Task<Result<std::unique_ptr<net::Stream>>> ConnectTo(net::Loop& loop, std::string address,
                                                     MonotonicTime deadline) {
  TM_CO_TRY_ASSIGN(const http::Url url, http::Url::Parse(fmt::format("http://{}/", address)));
  TM_CO_TRY_ASSIGN(auto addresses, co_await net::Resolve(loop, url.host, url.port));
  net::ConnectOptions options;
  options.keep_alive = kKeepAlive;
  co_return co_await net::ConnectToAny(loop, std::move(addresses), deadline, std::move(options));
}

}  // namespace

Relay::Relay(Gate& gate, std::unique_ptr<net::Stream> client, jobs::Owner owner)
    : gate_(gate), to_(std::move(owner)), answer_(kAnswerBytesMax, http::ResponseParser::Body::kUpgrade) {
  client_.stream = std::move(client);
  gate_.Remember(*this);
}

Relay::~Relay() = default;

void Relay::Start() {
  client_.stream->SetHandler(&client_);
  client_.stream->PauseReading();
  gate_.loop_.timers().Schedule(*this, gate_.loop_.Now() + kPatience);
  scope_.Spawn(Connect(*this));
}

Task<void> Relay::Connect(Relay& self) {
  net::Loop& loop = self.gate_.loop_;
  auto stream = co_await ConnectTo(loop, self.to_.address, loop.clock().Now() + kPatience);
  if (self.finished_ || self.phase_ != Phase::kConnecting) co_return;
  if (!stream) co_return self.Refuse(DoesNotAnswer(self.to_, stream.error().detail));
  self.phase_ = Phase::kAsking;
  self.owner_.stream = *std::move(stream);
  self.owner_.stream->SetHandler(&self.owner_);
  self.owner_.stream->Queue(fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: {}\r\nX-API-Key: {}\r\n\r\n",
      kFaktoryPath, self.to_.address, kFaktoryUpgrade, self.gate_.options_.key.value));
}

void Relay::OnTimer() { Refuse(DoesNotAnswer(to_, "not in time")); }

void Relay::OnData(Side& from, std::string_view bytes) {
  if (phase_ == Phase::kAsking && &from == &owner_) return ReadAnswer(bytes);
  if (phase_ == Phase::kRelaying) Pass(Other(from), bytes);
}

void Relay::ReadAnswer(std::string_view bytes) {
  const Result<bool> complete = answer_.Feed(bytes);
  if (!complete) return Refuse(DoesNotAnswer(to_, complete.error().detail));
  if (!*complete) return;
  const http::ClientResponse response = answer_.Take();
  if (response.status == 401) return Refuse(WrongKey(to_));
  if (response.status != 101) return Refuse(DoesNotAnswer(to_, response.body));
  phase_ = Phase::kRelaying;
  gate_.loop_.timers().Cancel(*this);
  Pass(client_, answer_.TakeRest());
  if (phase_ == Phase::kRelaying) client_.stream->ResumeReading();
}

// It is written at once, so that what is kept then is kept for a peer that does not take it, and is counted
// until OnWritable.
void Relay::Pass(Side& to, std::string_view bytes) {
  to.stream->Queue(bytes);
  to.stream->Send({});
  const std::size_t kept = to.stream->queued_bytes();
  if (kept == 0 && counted_ == 0) return;
  if (kept > kBufferedBytesMax && to.stream->blocked()) Other(to).stream->PauseReading();
  if (Count()) return;
  gate_.CountRefusal("the memory of relays is used up (jobs.faktory.buffers_bytes_max)");
  Finish();
}

void Relay::OnWritable(Side& side) {
  if (finished_ || phase_ != Phase::kRelaying) return;
  (void)Count();
  if (Side& other = Other(side); !other.closed) other.stream->ResumeReading();
}

bool Relay::Count() {
  const std::size_t bytes = client_.stream->queued_bytes() + owner_.stream->queued_bytes();
  if (!gate_.buffers_.Resize(counted_, bytes)) return false;
  counted_ = bytes;
  return true;
}

void Relay::Refuse(std::string_view why) {
  if (phase_ == Phase::kClosing) return;
  gate_.CountRefusal(why);
  std::string answer;
  faktory::AppendError(why, answer);
  client_.stream->Queue(answer);
  CloseSoon();
}

void Relay::CloseSoon() {
  if (finished_ || phase_ == Phase::kClosing) return;
  phase_ = Phase::kClosing;
  gate_.loop_.timers().Cancel(*this);
  if (owner_.stream) owner_.stream->Close();
  owner_.closed = true;
  if (client_.closed) return Finish();  // nobody would tell of its end
  client_.stream->CloseAfterFlush(kLinger);
}

// What one side has sent before its end still goes to the other.
void Relay::OnClosed(Side& side) {
  side.closed = true;
  Side& other = Other(side);
  if (phase_ != Phase::kRelaying || other.closed) {
    if (phase_ == Phase::kAsking && &side == &owner_) return Refuse(DoesNotAnswer(to_, "it has closed"));
    if (&side == &client_ || other.closed) Finish();
    return;
  }
  other.stream->CloseAfterFlush(kLinger);
}

void Relay::OnRetire() {
  client_.stream->Close();
  if (owner_.stream) owner_.stream->Close();
}

void Relay::Leave() {
  finished_ = true;
  gate_.loop_.timers().Cancel(*this);
  (void)gate_.buffers_.Resize(counted_, 0);
  counted_ = 0;
  gate_.Forget(*this);
}

void Relay::Finish() {
  if (finished_) return;
  Leave();
  gate_.loop_.Retire(std::unique_ptr<net::Retirable>(this));
}

}  // namespace tidemill::nodes
