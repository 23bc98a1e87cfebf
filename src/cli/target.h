// The connections that a command acts on: those of a user, or one of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/command.h"

namespace tidemill::cli {

struct Target {
  std::string user;  // "": the anonymous one
  std::string client;
  std::string session;
};

// USER, then the command's own parameters, --client and --session.
std::vector<Parameter> WithTarget(Target& target, std::vector<Parameter> own);

// Calls a method of the API that acts on the target: prints `done` when it has. `write_rest` writes the
// call's other parameters into their object.
int ActOn(const Target& target, const ApiOptions& options, std::string_view method,
          const std::function<void(JsonWriter&)>& write_rest, std::string_view done, Io io);

}  // namespace tidemill::cli
