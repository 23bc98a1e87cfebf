#include "redis/connection/locator.h"

#include <utility>

namespace tidemill::redis {
namespace {

class FixedLocator final : public Locator {
 public:
  explicit FixedLocator(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  Task<Result<Endpoint>> Locate() override { co_return endpoint_; }
  void SetOnMoved(std::function<void()>) override {}

 private:
  const Endpoint endpoint_;
};

}  // namespace

std::unique_ptr<Locator> MakeFixedLocator(Endpoint endpoint) {
  return std::make_unique<FixedLocator>(std::move(endpoint));
}

}  // namespace tidemill::redis
