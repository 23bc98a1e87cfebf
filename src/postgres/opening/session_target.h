// Whether a session is one that target_session_attrs wants (PostgreSQL documentation, "Connection Control
// Functions").
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "postgres/address/address.h"

namespace tidemill::postgres {

// By ParameterStatus.
using Reported = std::map<std::string, std::string, std::less<>>;

// What a server must be asked that did not report it: one before 14, or PgBouncer. "": nothing.
std::string_view QuestionFor(SessionTarget target, const Reported& reported);

// nullopt: it is what is wanted; else why it is not. `answer`: to the question, "on", "off", "t", "f"; unused
// when there was none.
std::optional<std::string> WhyNot(SessionTarget target, const Reported& reported, std::string_view answer);

}  // namespace tidemill::postgres
