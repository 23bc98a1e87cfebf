#include "redis/single.h"

#include <utility>

namespace tidemill::redis {
namespace {

class SingleClient final : public Client {
 public:
  SingleClient(net::Loop& loop, std::unique_ptr<Locator> locator, LinkOptions options, Metrics& metrics)
      : locator_(std::move(locator)), link_(MakeLink(loop, *locator_, std::move(options), metrics)) {
    link_->Start();
  }

  Task<Result<Reply>> Send(std::string, Command command) override {
    return link_->Send(std::move(command), Link::Asking::kNo);
  }
  Task<Result<Reply>> Run(const Script& script, std::vector<std::string> keys,
                          std::vector<std::string> arguments) override {
    return link_->Run(script, std::move(keys), std::move(arguments), Link::Asking::kNo);
  }
  std::size_t servers() const override { return 1; }
  std::string ServerOf(std::string_view) const override { return "0"; }
  std::optional<MonotonicTime> down_since() const override { return link_->down_since(); }

 private:
  const std::unique_ptr<Locator> locator_;
  const std::unique_ptr<Link> link_;
};

class SingleSubscriber final : public Subscriber {
 public:
  SingleSubscriber(net::Loop& loop, std::unique_ptr<Locator> locator, ConnectionOptions options,
                   SubscriberEvents& events, Metrics& metrics)
      : locator_(std::move(locator)),
        link_(MakeSubscriberLink(loop, *locator_, std::move(options), PubSub::kPlain, events, metrics)) {
    link_->Start();
  }

  Task<Result<void>> Subscribe(std::string channel) override { return link_->Subscribe(std::move(channel)); }
  void Unsubscribe(const std::string& channel) override { link_->Unsubscribe(channel); }
  Task<Result<void>> Barrier(std::string channel) override { return link_->Barrier(std::move(channel)); }
  std::optional<MonotonicTime> down_since() const override { return link_->down_since(); }

 private:
  const std::unique_ptr<Locator> locator_;
  const std::unique_ptr<SubscriberLink> link_;
};

}  // namespace

std::unique_ptr<Client> MakeSingleClient(net::Loop& loop, std::unique_ptr<Locator> locator,
                                         LinkOptions options, Metrics& metrics) {
  return std::make_unique<SingleClient>(loop, std::move(locator), std::move(options), metrics);
}

std::unique_ptr<Subscriber> MakeSingleSubscriber(net::Loop& loop, std::unique_ptr<Locator> locator,
                                                 ConnectionOptions options, SubscriberEvents& events,
                                                 Metrics& metrics) {
  return std::make_unique<SingleSubscriber>(loop, std::move(locator), std::move(options), events, metrics);
}

}  // namespace tidemill::redis
