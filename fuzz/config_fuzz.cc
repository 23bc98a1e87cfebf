// links: settings
//
// A TOML text, through Load: any text is either refused with a reason, or gives settings that print to a text
// which loads as the same settings.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "settings/settings.h"

namespace {

using tidemill::settings::Settings;

// Load reads files; this one has no name on any disk.
tidemill::Result<Settings> LoadText(std::string_view text) {
  const int file = memfd_create("config", MFD_CLOEXEC);
  TM_ASSERT(file >= 0);
  TM_ASSERT(write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  auto loaded = tidemill::settings::Load({.file = "/proc/self/fd/" + std::to_string(file)});
  close(file);
  return loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = LoadText({reinterpret_cast<const char*>(data), size});
  if (!loaded) {
    TM_ASSERT(!loaded.error().detail.empty());
    return 0;
  }
  const auto again = LoadText(ToToml(*loaded, tidemill::config::SecretsIn::kPlain));
  TM_ASSERT(again && *again == *loaded);
  return 0;
}
