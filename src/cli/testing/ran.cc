#include "cli/testing/ran.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace tidemill::cli::testing {
namespace {

std::string Gather(std::FILE* file, char*& data, std::size_t& size) {
  std::fclose(file);
  std::string text(data, size);
  std::free(data);
  return text;
}

}  // namespace

Ran RunProgram(std::vector<std::string> arguments, std::vector<sql::Schema> schemas) {
  char* data[2] = {};
  std::size_t size[2] = {};
  const Io io{.out = open_memstream(&data[0], &size[0]), .err = open_memstream(&data[1], &size[1])};
  Ran ran;
  ran.code = Run(std::move(arguments), {.serve = nullptr, .schemas = std::move(schemas)}, io);
  ran.out = Gather(io.out, data[0], size[0]);
  ran.err = Gather(io.err, data[1], size[1]);
  return ran;
}

}  // namespace tidemill::cli::testing
