#include "auth/jwks.h"

#include <utility>
#include <vector>

#include "auth/jwks_cache.h"
#include "auth/jws.h"
#include "base/log.h"
#include "http/client.h"
#include "net/async.h"
#include "net/task_scope.h"

namespace tidemill::auth {
namespace {

Task<Result<std::string>> FetchOverHttp(net::Loop& loop, std::shared_ptr<net::TlsContext> tls,
                                        http::Url url) {
  http::ClientRequest request;
  request.url = std::move(url);
  request.headers = {{"Accept", "application/json"}};
  request.timeout = Seconds(2);
  request.response_bytes_max = 256 * 1024;
  TM_CO_TRY_ASSIGN(http::ClientResponse response,
                   co_await http::Fetch(loop, std::move(tls), std::move(request)));
  if (response.status != 200) {
    co_return Fail(Errc::kUnavailable, "status " + std::to_string(response.status));
  }
  co_return std::move(response.body);
}

class CachedJwksSource final : public JwksSource {
 public:
  CachedJwksSource(net::Loop& loop, const JwksOptions& options, JwksFetch fetch)
      : loop_(loop),
        keys_max_(options.keys_max),
        waiting_max_(options.waiting_max),
        fetch_(std::move(fetch)),
        cache_({.keys_ttl = options.keys_ttl,
                .stale_ttl = options.stale_ttl,
                .missing_ttl = options.missing_ttl}) {}

  Task<Result<PublicKeyPtr>> Find(std::string key_id) override {
    if (key_id.size() > kKeyIdBytesMax) co_return Fail(Errc::kNotFound, "kid over 256 bytes");
    JwksCache::Answer answer = cache_.Find(key_id, loop_.Now());
    if (answer.fetch) scope_.Spawn(FetchSet());
    if (answer.state == JwksCache::State::kWait) {
      if (cache_.fetching()) {
        if (waiting_.size() >= waiting_max_) {
          co_return Fail(Errc::kLimitExceeded, "too many wait for the key set");
        }
        net::Reply<bool> ended(loop_);
        waiting_.push_back(ended.sender());
        co_await ended;
      }
      answer = cache_.FindAfter(key_id, answer.shown_by, loop_.Now());
    }
    switch (answer.state) {
      case JwksCache::State::kFound: co_return std::move(answer.key);
      case JwksCache::State::kMissing: co_return Fail(Errc::kNotFound, "the key set has no such kid");
      case JwksCache::State::kNotYet:
        co_return Fail(Errc::kUnavailable, "the key set had no such kid, and may not be fetched again yet");
      default: co_return Fail(Errc::kUnavailable, "the key set could not be fetched");
    }
  }

 private:
  Task<void> FetchSet() {
    const Result<std::string> text = co_await fetch_();
    Result<KeySet> set = text ? ParseKeySet(*text, keys_max_) : std::unexpected(text.error());
    if (!set) {
      log::Warn("jwks.fetch_failed", {{"reason", Name(set.error().code)}, {"detail", set.error().detail}});
    } else {
      log::Debug("jwks.fetched", {{"keys", set->keys.size()}, {"skipped", set->skipped}});
    }
    cache_.OnFetched(std::move(set), loop_.Now());
    for (const auto& waiting : std::exchange(waiting_, {})) waiting.Send(true);
  }

  net::Loop& loop_;
  const std::size_t keys_max_;
  const std::size_t waiting_max_;
  const JwksFetch fetch_;
  JwksCache cache_;
  std::vector<net::Reply<bool>::Sender> waiting_;
  TaskScope scope_;  // last: a fetch under way ends before what it refers to
};

}  // namespace

Result<std::unique_ptr<JwksSource>> MakeJwksSource(net::Loop& loop, JwksOptions options) {
  const Result<http::Url> url = http::Url::Parse(options.endpoint);
  if (!url) return Fail(Errc::kInvalidArgument, "jwks_public_endpoint: " + url.error().detail);
  if (url->scheme == "https" && options.tls == nullptr) {
    return Fail(Errc::kInvalidArgument, "jwks_public_endpoint: is https and there is no TLS");
  }
  JwksFetch fetch = [&loop, tls = options.tls, url = *url] { return FetchOverHttp(loop, tls, url); };
  return MakeJwksSource(loop, std::move(options), std::move(fetch));
}

Task<Result<KeySet>> FetchKeySet(net::Loop& loop, JwksOptions options) {
  TM_CO_TRY_ASSIGN(http::Url url, http::Url::Parse(options.endpoint));
  TM_CO_TRY_ASSIGN(const std::string text,
                   co_await FetchOverHttp(loop, std::move(options.tls), std::move(url)));
  co_return ParseKeySet(text, options.keys_max);
}

std::unique_ptr<JwksSource> MakeJwksSource(net::Loop& loop, JwksOptions options, JwksFetch fetch) {
  return std::make_unique<CachedJwksSource>(loop, options, std::move(fetch));
}

}  // namespace tidemill::auth
