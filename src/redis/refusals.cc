#include "redis/refusals.h"

#include <string>

#include "base/log.h"

namespace tidemill::redis {
namespace {

struct Row {
  std::string_view name;
  std::string_view advice;
};

// In the order of RefusalKind.
constexpr std::array<Row, kRefusalKinds> kRows = {{
    {"NOAUTH",
     "give broker.redis.user and broker.redis.password, or those of the address, as Redis has them"},
    {"NOPERM",
     "give Redis' user the commands, keys and channels that begin with broker.redis.prefix: ACL SETUSER "
     "<user> "
     "+@all ~<prefix>* &<prefix>*; Redis 7 gives new users no channels"},
    {"OOM",
     "Redis is at its maxmemory: raise it, or let it evict what expires anyway with maxmemory-policy "
     "volatile-ttl"},
    {"MISCONF", "Redis cannot save its data: look at its log and its disk"},
    {"READONLY", "it is a replica: give the primary's address, or Sentinel's"},
    {"MASTERDOWN", "it is a replica that has lost its primary: give the primary's address, or Sentinel's"},
    {"NOREPLICAS", "fewer replicas are in step than Redis' min-replicas-to-write asks for: look at them"},
    {"WRONGTYPE",
     "another program uses the same keys: give this server a broker.redis.prefix of its own, or delete the "
     "key"},
    {"LOADING", "Redis reads its data from disk and goes on by itself"},
    {"CLUSTERDOWN", "the cluster does not serve all slots: look at CLUSTER INFO and CLUSTER NODES"},
    {"BUSY", "a script has been running for long in Redis: look whose it is, and SCRIPT KILL"},
    {"MAXCLIENTS", "raise Redis' maxclients"},
    {"UNKNOWN",
     "Redis lacks the command: it is older than 6.2, or the command was renamed or disabled there"},
    {"ERR", "look at Redis' own text"},
}};

constexpr const Row& RowOf(RefusalKind kind) { return kRows[static_cast<std::size_t>(kind)]; }

// Words that begin an error, or follow " -" in the text of an error within a script (Redis 6).
struct Code {
  std::string_view code;
  RefusalKind kind;
};
constexpr Code kCodes[] = {
    {"NOAUTH", RefusalKind::kNoAuth},           {"WRONGPASS", RefusalKind::kNoAuth},
    {"NOPERM", RefusalKind::kNoPermission},     {"OOM", RefusalKind::kOutOfMemory},
    {"MISCONF", RefusalKind::kNotSaved},        {"READONLY", RefusalKind::kReadOnly},
    {"MASTERDOWN", RefusalKind::kPrimaryDown},  {"NOREPLICAS", RefusalKind::kNoReplicas},
    {"WRONGTYPE", RefusalKind::kWrongType},     {"LOADING", RefusalKind::kLoading},
    {"CLUSTERDOWN", RefusalKind::kClusterDown}, {"BUSY", RefusalKind::kBusy},
};
// Parts of errors whose code is ERR.
constexpr Code kSentences[] = {
    {"The user executing the script can't", RefusalKind::kNoPermission},  // Redis 7.0
    {"ACL failure in script", RefusalKind::kNoPermission},                // Redis 7.2
    {"AUTH <password> called without any password", RefusalKind::kNoAuth},
    {"invalid username-password pair", RefusalKind::kNoAuth},
    {"max number of clients reached", RefusalKind::kTooManyClients},
    {"unknown command", RefusalKind::kUnknownCommand},
    {"Unknown Redis command", RefusalKind::kUnknownCommand},
    {"unknown subcommand", RefusalKind::kUnknownCommand},
};
constexpr std::string_view kOfProtocol[] = {"NOSCRIPT", "MOVED", "ASK", "TRYAGAIN"};

bool HasCode(std::string_view error, std::string_view code) {
  const std::string word = std::string(code) + " ";
  return error.starts_with(word) || error == code || error.contains(" -" + word);
}

}  // namespace

std::optional<RefusalKind> RefusalKindOf(std::string_view error) {
  for (const std::string_view code : kOfProtocol) {
    if (error.starts_with(std::string(code) + " ")) return std::nullopt;
  }
  for (const Code& code : kCodes) {
    if (HasCode(error, code.code)) return code.kind;
  }
  for (const Code& sentence : kSentences) {
    if (error.contains(sentence.code)) return sentence.kind;
  }
  return RefusalKind::kOther;
}

std::string_view NameOf(RefusalKind kind) { return RowOf(kind).name; }
std::string_view AdviceFor(RefusalKind kind) { return RowOf(kind).advice; }

Refusals::Refusals(metrics::Registry& registry, const Clock& clock) : clock_(clock) {
  for (std::size_t i = 0; i < kRefusalKinds; ++i) {
    kinds_[i].counter =
        &registry.AddCounter("tidemill_redis_refusals_total", "Commands that Redis refused, by what it said.",
                             {{"kind", std::string(kRows[i].name)}});
  }
}

void Refusals::Note(std::string_view error, std::string_view server, std::string_view command) {
  const std::optional<RefusalKind> kind = RefusalKindOf(error);
  if (!kind) return;
  OfKind& of_kind = kinds_[static_cast<std::size_t>(*kind)];
  of_kind.counter->Add();
  const MonotonicTime now = clock_.Now();
  std::optional<std::uint64_t> suppressed;
  {
    const std::lock_guard lock(mutex_);
    newest_ = kind;
    newest_at_ = now;
    suppressed = of_kind.limit.Count(now);
  }
  if (!suppressed) return;
  log::Warn("redis.refused", {{"kind", NameOf(*kind)},
                              {"text", error},
                              {"server", server},
                              {"command", command},
                              {"advice", AdviceFor(*kind)},
                              {"suppressed", *suppressed}});
}

std::optional<RefusalKind> Refusals::NewestAfter(MonotonicTime since) const {
  const std::lock_guard lock(mutex_);
  return newest_ && newest_at_ > since ? newest_ : std::nullopt;
}

}  // namespace tidemill::redis
