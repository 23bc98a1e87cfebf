#include "postgres/address/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "postgres/address/keywords.h"

namespace tidemill::postgres {

Environment Environment::OfProcess() {
  Environment environment;
  for (const Keyword& keyword : Keywords()) {
    if (keyword.variable.empty()) continue;
    const std::string name(keyword.variable);
    if (const char* const value = std::getenv(name.c_str()); value != nullptr && *value != '\0') {
      environment.variables[name] = value;
    }
  }
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    environment.os_user = found->pw_name;
    environment.home = found->pw_dir;
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0') environment.home = home;
  return environment;
}

}  // namespace tidemill::postgres
