#include "cli/command.h"

#include <fmt/format.h>

namespace tidemill::cli {
namespace {

// fmt::print throws when a write fails.
void Write(std::FILE* file, std::string_view text) { std::fwrite(text.data(), 1, text.size(), file); }

}  // namespace

void Print(Io io, std::string_view text) { Write(io.out, text); }

void PrintError(Io io, std::string_view text) { Write(io.err, text); }

int Failed(Io io, std::string_view message) {
  PrintError(io, fmt::format("tidemill: {}\n", message));
  return kFailed;
}

int Misused(Io io, std::string_view message) {
  PrintError(io, fmt::format("tidemill: {}\n", message));
  return kMisused;
}

}  // namespace tidemill::cli
