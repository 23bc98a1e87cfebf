#include "postgres/opening/session_target.h"

namespace tidemill::postgres {
namespace {

constexpr std::string_view kStandby = "in_hot_standby";
constexpr std::string_view kReadOnly = "default_transaction_read_only";

bool IsOn(const Reported& reported, std::string_view name) {
  const auto found = reported.find(name);
  return found != reported.end() && found->second == "on";
}

bool AsksForReadOnly(SessionTarget target) {
  return target == SessionTarget::kReadWrite || target == SessionTarget::kReadOnly;
}

}  // namespace

std::string_view QuestionFor(SessionTarget target, const Reported& reported) {
  if (target == SessionTarget::kAny || reported.contains(kStandby)) return "";
  return AsksForReadOnly(target) ? "SHOW transaction_read_only" : "SELECT pg_catalog.pg_is_in_recovery()";
}

std::optional<std::string> WhyNot(SessionTarget target, const Reported& reported, std::string_view answer) {
  const bool was_asked = !QuestionFor(target, reported).empty();
  const bool yes = answer == "on" || answer == "t";
  const bool is_standby = was_asked ? yes : IsOn(reported, kStandby);
  const bool is_read_only = was_asked ? yes : is_standby || IsOn(reported, kReadOnly);
  switch (target) {
    case SessionTarget::kAny: return std::nullopt;
    case SessionTarget::kReadWrite:
      if (is_read_only) return "the server is read-only, and target_session_attrs=read-write";
      return std::nullopt;
    case SessionTarget::kReadOnly:
      if (!is_read_only) return "the server takes writes, and target_session_attrs=read-only";
      return std::nullopt;
    case SessionTarget::kPrimary:
      if (is_standby) return "the server is a standby, and target_session_attrs=primary";
      return std::nullopt;
    case SessionTarget::kStandby:
    case SessionTarget::kPreferStandby:
      if (!is_standby) return "the server is no standby, and target_session_attrs=standby";
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tidemill::postgres
