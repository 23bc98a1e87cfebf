// tidemill: one binary, one command line. What `serve` runs is in server/serve.cc, the rest in cli/.
#include "base/standard_descriptors.h"
#include "cli/cli.h"
#include "net/blocking.h"
#include "server/schemas.h"
#include "server/serve.h"

int main(int argc, char** argv) {
  tidemill::KeepStandardDescriptors();
  const int code = tidemill::cli::Run(
      argc, argv, {.serve = tidemill::server::Serve, .schemas = tidemill::server::Schemas()});
  tidemill::net::EndBlockingThreads();
  return code;
}
