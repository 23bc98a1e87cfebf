// The connections that a command acts on: those of a user, or one of them.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/command.h"

namespace tidemill::cli {

struct Target {
  std::string user;  // "": the anonymous one
  std::string client;
  std::string session;
};

// USER, then the command's own parameters, --client and --session.
std::vector<Parameter> WithTarget(Target& target, std::vector<Parameter> own);

// Into the object of a call's parameters.
void WriteTarget(const Target& target, JsonWriter& json);

}  // namespace tidemill::cli
