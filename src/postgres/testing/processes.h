// Programs of PostgreSQL for tests: where they are, as whom they run, and running one of them.
//
// Blocks. Each failure is a failure of the test, which ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tidemill::postgres::testing {

// Looks at `done` every few milliseconds; whether it became true within `patience`.
bool WaitUntil(const std::function<bool()>& done, Duration patience = Seconds(30));

// Fails the test with the sentence and ends the process: nothing can be tested without a server.
[[noreturn]] void GiveUp(const std::string& sentence);

// The folder of initdb, postgres and so on: of Debian's version, or of 18, which a script of the tests
// fetches.
std::string DebianPrograms();
std::string Programs18();

// Gives the folder to the user that servers run as.
void GiveToServerUser(const std::string& path);
// For tests that must write what a server's user owns.
std::string ServerUser();

// Starts a program with the server's user and its standard output and error in `log` (""; nowhere). It dies
// with the test. 0: there is no such program.
pid_t Spawn(const std::vector<std::string>& command, const std::string& log);
// The same to its end; gives up when it fails, or when it takes longer than a minute.
void RunToEnd(const std::vector<std::string>& command, const std::string& log);

// A port of 127.0.0.1 that nobody uses at the moment.
std::uint16_t FreePort();

}  // namespace tidemill::postgres::testing
