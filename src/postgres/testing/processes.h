// Programs of PostgreSQL for tests: where they are, and as whom they run.
//
// Blocks. Each failure is a failure of the test, which ends.
#pragma once

#include <string>
#include <vector>

#include "base/testing/server_process.h"

namespace tidemill::postgres::testing {

// The folder of initdb, postgres and so on: of Debian's version, or of 18, which a script of the tests
// fetches.
std::string DebianPrograms();
std::string Programs18();

// Gives the folder to the user that servers run as.
void GiveToServerUser(const std::string& path);
// For tests that must write what a server's user owns.
std::string ServerUser();

// A program of the server's user.
tidemill::testing::Program ProgramOf(std::vector<std::string> command, std::string log);

}  // namespace tidemill::postgres::testing
