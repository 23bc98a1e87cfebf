#include "realtime/proxies/withdrawals.h"

namespace tidemill::proxies {

// Taking one back only wakes its task later: the range stays as it is meanwhile.
void Withdrawals::TakeBack(const session::Client& client) {
  const auto [begin, end] = questions_.equal_range(&client);
  for (auto at = begin; at != end; ++at) {
    if (at->second) at->second();
  }
}

}  // namespace tidemill::proxies
