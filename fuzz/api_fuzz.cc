// links: methods_testing methods api_testing api
// Whatever the body, every API method answers 200 with JSON, or refuses it with 400 or 413; nothing of a
// payload breaks the JSON of a reply. The first byte chooses the method.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/json.h"
#include "realtime/methods/testing/methods_fixture.h"

namespace {

using tidemill::api::testing::Reply;
using tidemill::methods::testing::MethodsFixture;

void Check(const Reply& reply) {
  if (reply.status == 400 || reply.status == 413) return;
  TM_ASSERT(reply.status == 200);
  std::string_view rest = reply.body;
  while (true) {  // the legacy form answers line by line
    const std::size_t end = rest.find('\n');
    TM_ASSERT(tidemill::IsJsonObject(rest.substr(0, end)));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kRequestsEach = 2000;
  static std::unique_ptr<MethodsFixture> api;
  static int left = 0;
  if (left-- == 0) {
    api = std::make_unique<MethodsFixture>();
    left = kRequestsEach;
  }
  if (size == 0) return 0;
  std::vector<std::string_view> names = {"", "batch"};
  for (const tidemill::api::Method& method : api->methods()) names.push_back(method.name.text);
  const std::string_view method = names[data[0] % names.size()];
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  Check(api->Post(method, body));
  api->published.clear();
  api->directory.asked.clear();
  return 0;
}
