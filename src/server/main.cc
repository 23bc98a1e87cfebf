// tidemill: one binary, one command line. What `serve` runs is in server/serve.cc, the rest in cli/.
#include "cli/cli.h"
#include "server/serve.h"

int main(int argc, char** argv) { return tidemill::cli::Run(argc, argv, tidemill::server::Serve); }
