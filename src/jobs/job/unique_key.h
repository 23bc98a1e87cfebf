// What makes two jobs the same one: a digest of 32 bytes. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::job {

// SHA-256, 32 bytes.
std::string Sha256(std::string_view bytes);

// By queue, type and arguments. `args` is JSON; it counts what it says, not how it is written: 1.0 is 1,
// "\u0041" is "A", and an object's members have no order. Integers of any size are told apart.
// kInvalidArgument: a string that is not text (a lone surrogate), or a member that is there twice.
Result<std::string> UniqueKeyOf(std::string_view queue, std::string_view type, std::string_view args);
// By a key that the producer gave; another queue's keys are others.
std::string UniqueKeyOf(std::string_view queue, std::string_view key);

// The one text that all equal values have.
Result<std::string> Canonical(std::string_view json);

}  // namespace tidemill::job
