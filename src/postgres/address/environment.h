// Environment: what the process was started with that libpq looks at as well. A value; tests make their own.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace tidemill::postgres {

struct Environment {
  std::map<std::string, std::string, std::less<>> variables;  // those that begin with PG
  std::string os_user;                                        // "": unknown
  std::string home;                                           // the folder of .pgpass; "": none

  // Blocks: it may ask the system's user database. Not on a loop.
  static Environment OfProcess();
};

}  // namespace tidemill::postgres
