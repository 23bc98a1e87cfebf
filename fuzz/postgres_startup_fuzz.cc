// links: postgres
// What a hostile server might say from the first byte until a session is ready: no crash, a bounded number of
// parameters, and nobody is ready who has not let us in.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "postgres/opening/startup.h"
#include "postgres/protocol/message_reader.h"

namespace {

using namespace tidemill::postgres;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Startup startup({.user = "u", .password = "p", .transport = Transport::kTls, .end_point = "digest"});
  MessageReader reader(Phase::kLogin, 1024);
  reader.Feed({reinterpret_cast<const char*>(data), size});
  for (;;) {
    const auto message = reader.Next();
    if (!message || !*message) return 0;
    const auto step = startup.OnMessage(**message);
    if (!step) {
      TM_ASSERT(!step.error().message.empty() || !step.error().code.empty() || (*message)->type == 'E');
      return 0;
    }
    if (std::holds_alternative<Startup::Derive>(*step)) {
      (void)startup.OnKeys({std::string(32, 'c'), std::string(32, 's')});
    }
    if (!std::holds_alternative<Startup::Ready>(*step)) continue;
    TM_ASSERT(startup.logged_in());
    const auto parameters = startup.TakeParameters();
    TM_ASSERT(parameters.size() <= Startup::kParametersMax);
    if (const auto version = parameters.find("server_version"); version != parameters.end()) {
      TM_ASSERT(ParseServerVersion(version->second) <= 100'009'999);
    }
    return 0;
  }
}
