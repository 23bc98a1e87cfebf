#include "queries/live/shared_changes.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tidemill::queries::live {
namespace {

struct Fake final : public ChangeSource {
  explicit Fake(bool& is_wanted) : wanted(is_wanted) {}
  std::string_view method() const override { return "fake"; }
  Task<Result<Coverage>> Cover(std::vector<std::string>, std::optional<KeyColumn>) override {
    co_return Coverage{};
  }
  void SetWanted(bool is_wanted) override { wanted = is_wanted; }
  bool& wanted;
};

struct Listener final : public ChangeEvents {
  void OnChange(std::span<const TableChange> changes, std::span<const std::string>) override {
    told += static_cast<int>(changes.size());
  }
  void OnChangeSomewhere() override { ++everything; }
  void OnNotLooking() override { ++blind; }
  int told = 0;
  int everything = 0;
  int blind = 0;
};

TEST(SharedChanges, TellsThoseWhoWantIt) {
  bool wanted = false;
  SharedChanges shared;
  shared.SetSource(std::make_unique<Fake>(wanted));
  Listener a;
  Listener b;
  const auto tap_a = shared.Open(a);
  auto tap_b = shared.Open(b);
  EXPECT_FALSE(wanted);
  tap_a->SetWanted(true);
  EXPECT_TRUE(wanted);
  EXPECT_EQ(a.everything, 1);
  const std::vector<TableChange> changes = {{.table = "orders", .columns = {}}};
  shared.OnChange(changes, {});
  tap_b->SetWanted(true);
  tap_b->SetWanted(true);
  EXPECT_EQ(b.everything, 1) << "it has not heard what was told before";
  shared.OnChange(changes, {});
  EXPECT_EQ(a.told, 2);
  EXPECT_EQ(b.told, 1);
  tap_a->SetWanted(false);
  EXPECT_TRUE(wanted);
  shared.OnChangeSomewhere();
  shared.OnNotLooking();
  EXPECT_EQ(a.everything + a.blind, 1);
  EXPECT_EQ(b.everything + b.blind, 3);
  tap_b.reset();
  EXPECT_FALSE(wanted);
}

}  // namespace
}  // namespace tidemill::queries::live
