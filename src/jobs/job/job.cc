#include "jobs/job/job.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "jobs/job/custom.h"
#include "jobs/job/names.h"
#include "jobs/job/timestamp.h"

namespace tidemill::job {
namespace {

std::unexpected<Error> Wrong(std::string what) { return Fail(Errc::kInvalidArgument, std::move(what)); }

constexpr std::array<bool, 256> kBlankOrQuote = [] {
  std::array<bool, 256> table{};
  for (const char c : {' ', '\t', '\r', '\n', '"'}) table[static_cast<std::size_t>(c)] = true;
  return table;
}();

// `json`, which is valid, without blanks between its tokens.
void AppendCompact(std::string_view json, std::string& out) {
  const char* begin = json.data();  // of what is not yet appended
  const char* at = begin;
  const char* const end = at + json.size();
  while (at != end) {
    if (!kBlankOrQuote[static_cast<unsigned char>(*at)]) {
      ++at;
    } else if (*at == '"') {
      for (++at; *at != '"'; ++at) {
        if (*at == '\\') ++at;
      }
      ++at;
    } else {
      out.append(begin, at);
      begin = ++at;
    }
  }
  out.append(begin, end);
}

// Reads the members one by one; what is kept goes into `members` as it stands.
class Parser {
 public:
  Parser(std::string_view text, WallTime now) : text_(text), now_(now) {}

  Result<Job> Parse() {
    JsonReader json(text_);
    if (json.Peek() != JsonReader::Kind::kObject) return Wrong("invalid JSON: a job is an object");
    json.EnterObject();
    job_.members = "{";
    job_.members.reserve(text_.size() + 128);
    at_ = text_.find('{') + 1;
    std::size_t count = 0;
    while (const auto key = json.NextKey()) {
      if (++count > kMembersMax) {
        return Fail(Errc::kLimitExceeded, fmt::format("a job has at most {} members", kMembersMax));
      }
      const std::size_t member = IndexOf(*key);
      const std::string_view value = json.ReadRaw();
      if (!json.ok()) break;
      const bool kept = member == kUnknown || Keeps(member, value);
      if (member != kUnknown) {
        if (!values_[member].empty())
          return Wrong(fmt::format("invalid JSON: {} is there twice", kMembers[member]));
        values_[member] = value;
      }
      TakeOver(value, kept);
    }
    if (const auto finished = json.Finish(); !finished)
      return Wrong("invalid JSON: " + finished.error().detail);
    TM_TRY(ReadNames());
    TM_TRY(ReadNumbers());
    TM_TRY(ReadTimes());
    AddMissing();
    if (!Absent(kCustom)) {
      TM_TRY(ApplyCustom(values_[kCustom],
                         {.args = values_[kArgs],
                          .created_at = Absent(kCreatedAt) ? std::string_view() : values_[kCreatedAt],
                          .now = now_},
                         job_));
    }
    if (!Absent(kFailure)) {
      auto failure = ParseFailure(values_[kFailure]);
      if (!failure) return Wrong("invalid JSON: failure: " + failure.error().detail);
      job_.failure = *std::move(failure);
    }
    return std::move(job_);
  }

 private:
  enum Member : std::size_t {
    kJid,
    kType,
    kArgs,
    kQueue,
    kRetry,
    kReserveFor,
    kAt,
    kPriority,
    kCreatedAt,
    kCustom,
    kEnqueuedAt,
    kFailure,
    kUnknown,
  };
  static constexpr std::array<std::string_view, kUnknown> kMembers = {
      "jid", "jobtype",  "args",       "queue",  "retry",       "reserve_for",
      "at",  "priority", "created_at", "custom", "enqueued_at", "failure"};

  static std::size_t IndexOf(std::string_view key) {
    std::size_t i = 0;
    while (i < kUnknown && kMembers[i] != key) ++i;
    return i;
  }
  // To Faktory, null and an empty string are what is not there.
  static bool IsNothing(std::string_view value) {
    return value.empty() || value == "null" || value == R"("")";
  }
  bool Absent(Member member) const { return IsNothing(values_[member]); }
  // The last two are added anew to every text, as are defaults.
  static bool Keeps(std::size_t member, std::string_view value) {
    return member != kEnqueuedAt && member != kFailure && !IsNothing(value);
  }

  // The bytes before `value` are a comma, where it is not the first member, and the key.
  void TakeOver(std::string_view value, bool kept) {
    const auto begin = static_cast<std::size_t>(value.data() - text_.data());
    std::string_view lead = text_.substr(at_, begin - at_);
    at_ = begin + value.size();
    if (!kept) return;
    lead.remove_prefix(lead.find('"'));
    if (job_.members.size() > 1) job_.members += ',';
    AppendCompact(lead, job_.members);
    AppendCompact(value, job_.members);
  }

  Result<std::string> ReadString(Member member, std::string_view otherwise) const {
    JsonReader json(values_[member]);
    std::string text = json.ReadString();
    if (!json.Finish()) return Wrong(std::string(otherwise));
    return text;
  }

  Result<std::int64_t> ReadInteger(Member member) const {
    JsonReader json(values_[member]);
    const auto value = json.ReadInteger<std::int64_t>();
    if (!json.Finish()) return Wrong(fmt::format("invalid JSON: {} must be an integer", kMembers[member]));
    return value;
  }

  Result<> ReadNames() {
    constexpr std::string_view kNoJid = "jobs must have a reasonable jid parameter";
    constexpr std::string_view kNoType = "jobs must have a jobtype parameter";
    if (Absent(kJid)) return Wrong(std::string(kNoJid));
    TM_TRY_ASSIGN(job_.jid, ReadString(kJid, kNoJid));
    if (!IsJid(job_.jid)) return Wrong(std::string(kNoJid));  // clients compare the words
    if (Absent(kType)) return Wrong(std::string(kNoType));
    TM_TRY_ASSIGN(job_.type, ReadString(kType, kNoType));
    if (!IsType(job_.type)) {
      return Wrong(fmt::format("{}: at most {} bytes without control characters", kNoType, kTypeBytesMax));
    }
    if (!values_[kArgs].starts_with('[')) return Wrong("jobs must have an args parameter");
    if (Absent(kQueue)) return {};
    TM_TRY_ASSIGN(job_.queue, ReadString(kQueue, "invalid JSON: queue must be a string"));
    if (!IsQueueName(job_.queue)) {
      return Wrong(
          fmt::format("queue names must match [a-zA-Z0-9._-]+, with at most {} bytes", kQueueBytesMax));
    }
    return {};
  }

  Result<> ReadNumbers() {
    if (!Absent(kRetry)) {
      TM_TRY_ASSIGN(job_.retry, ReadInteger(kRetry));
      if (job_.retry < -1 || job_.retry > kRetryMax)
        return Wrong(fmt::format("retry must be -1 to {}", kRetryMax));
    }
    if (!Absent(kReserveFor)) {
      TM_TRY_ASSIGN(const std::int64_t seconds, ReadInteger(kReserveFor));
      if (seconds > kReserveMax.ms / 1000) return Wrong("jobs cannot be reserved for more than one day");
      if (seconds < 0) return Wrong("reserve_for must not be negative");
      if (seconds > 0) job_.reserve_for = Seconds(seconds);
    }
    if (!Absent(kPriority)) {
      TM_TRY_ASSIGN(const std::int64_t priority, ReadInteger(kPriority));
      if (priority < 1 || priority > 9) return Wrong("priority must be 1 to 9");
      job_.priority = static_cast<int>(priority);
    }
    return {};
  }

  Result<> ReadTimes() {
    if (!Absent(kAt)) {
      TM_TRY_ASSIGN(const std::string at, ReadString(kAt, "invalid JSON: at must be a string"));
      job_.at = ParseTimestamp(at);
      if (!job_.at) return Wrong("invalid timestamp for 'at': expected like 2026-12-24T18:00:00Z");
    }
    if (!Absent(kCreatedAt) && !values_[kCreatedAt].starts_with('"')) {
      return Wrong("invalid JSON: created_at must be a string");
    }
    if (!Absent(kEnqueuedAt)) {
      TM_TRY_ASSIGN(const std::string at,
                    ReadString(kEnqueuedAt, "invalid JSON: enqueued_at must be a string"));
      job_.enqueued_at = ParseTimestamp(at);
    }
    return {};
  }

  void AddMissing() {
    if (Absent(kQueue)) job_.members += R"(,"queue":"default")";
    if (Absent(kRetry)) {
      job_.members += R"(,"retry":)";
      AppendSigned(kRetryDefault, job_.members);
    }
    if (!Absent(kCreatedAt)) return;
    job_.members += R"(,"created_at":")";
    AppendTimestamp(now_, job_.members);
    job_.members += '"';
  }

  std::string_view text_;
  WallTime now_;
  std::size_t at_ = 0;  // behind the member that was read last
  std::array<std::string_view, kUnknown> values_{};
  Job job_;
};

}  // namespace

Result<Job> ParseJob(std::string_view text, WallTime now, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Fail(Errc::kLimitExceeded, fmt::format("a job has at most {} bytes", bytes_max));
  }
  return Parser(text, now).Parse();
}

void AppendText(const Job& job, std::string& out) {
  out += job.members;
  if (job.enqueued_at) {
    out += R"(,"enqueued_at":")";
    AppendTimestamp(*job.enqueued_at, out);
    out += '"';
  }
  if (job.failure) {
    out += R"(,"failure":)";
    AppendFailure(*job.failure, out);
  }
  out += '}';
}

std::optional<WallTime> FindEnqueuedAt(std::string_view text) {
  constexpr std::string_view kMember = R"(,"enqueued_at":")";
  const std::size_t at = text.rfind(kMember);  // what is the producer's stands before it
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kMember.size());
  return ParseTimestamp(text.substr(0, text.find('"')));
}

}  // namespace tidemill::job
