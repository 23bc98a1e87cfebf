// What is said to those who ask for jobs on a node that does not own them and cannot forward. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/secret.h"
#include "jobs/store/store.h"

namespace tidemill::nodes {

// "node N at A has the jobs"
std::string HasTheJobs(const jobs::Owner& owner);
// Which setting is missing, here or there; nullopt: none.
std::optional<std::string> WhyNotReachable(const jobs::Owner& owner, const config::Secret& key);
std::string DoesNotAnswer(const jobs::Owner& owner, std::string_view why);
std::string WrongKey(const jobs::Owner& owner);

}  // namespace tidemill::nodes
