// Calls of the API's methods about jobs, as the commands make them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/api_client.h"
#include "cli/command.h"

namespace tidemill::cli {

// An object of parameters: `{}` when nothing is written.
std::string JobParams(const std::function<void(JsonWriter&)>& write);

// Of the answer to a call that pushed a job: "pushed JID".
Result<std::string> PushedToText(std::string_view result);

// What an error of a call means, with a hint where the server has no jobs.
std::string JobsHint(const Error& error);

// As CallApi, with that hint.
int CallJobs(const ApiOptions& options, std::string_view method, std::string params,
             const ResultToText& to_text, Io io);

// One call for each job; goes on after a refusal. `done` is said of each, as "retried".
int CallForEach(const ApiOptions& options, std::string_view method, const std::vector<std::string>& jids,
                std::string_view done, Io io);

// A whole number of at least `min`; nullopt: it is none.
std::optional<std::int64_t> ToWhole(std::string_view text, std::int64_t min);

// "3s", "5m", "2h", "4d" of milliseconds, for people.
std::string Ago(std::int64_t ms);
// Of an instant that the API told (RFC 3339): how long ago, or "in 5m"; "" of none.
std::string Since(std::string_view timestamp);

}  // namespace tidemill::cli
