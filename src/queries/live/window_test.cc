#include "queries/live/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <ranges>

#include "queries/live/scores.h"

namespace tidemill::queries::live {
namespace {

using Scores = std::vector<std::optional<std::int64_t>>;

bool Falls(const std::vector<std::int64_t>& scores) {
  return std::ranges::adjacent_find(scores, std::less_equal<>()) == scores.end();
}

std::size_t Moved(const Scores& before, const std::vector<std::int64_t>& now) {
  std::size_t moved = 0;
  for (std::size_t i = 0; i < now.size(); ++i) moved += before[i] && *before[i] != now[i] ? 1 : 0;
  return moved;
}

TEST(AssignScores, MovesAsFewAsItCan) {
  const std::int64_t a = 5 << 20, b = 4 << 20, c = 3 << 20;
  const struct {
    const char* name;
    Scores before;
    std::size_t moved;
  } cases[] = {
      {"nothing", {}, 0},
      {"all are new", {{}, {}, {}}, 0},
      {"as before", {a, b, c}, 0},
      {"one at the top", {{}, a, b, c}, 0},
      {"one in between", {a, {}, b, c}, 0},
      {"some at the end", {a, b, c, {}, {}}, 0},
      {"the last goes up", {c, a, b}, 1},
      {"turned round", {c, b, a}, 2},
      {"no room", {3, {}, 2, 1}, 3},
      {"no room above", {{}, std::int64_t{1} << 53}, 1},
      {"no room below", {-(std::int64_t{1} << 53), {}}, 1},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const auto scores = AssignScores(each.before);
    EXPECT_TRUE(Falls(scores));
    EXPECT_EQ(scores.size(), each.before.size());
    EXPECT_EQ(Moved(each.before, scores), each.moved);
  }
}

TEST(Window, TellsWhatHasChanged) {
  Window window;
  const auto first = window.Replace({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(window.bytes(), 6 + 3 * Window::kRowBytes);
  EXPECT_EQ(window.Replace({{"a", "1"}, {"b", "2"}, {"c", "3"}}), std::vector<Change>());
  const auto changed = window.Replace({{"a", "1"}, {"b", "22"}, {"d", "4"}});
  ASSERT_EQ(changed.size(), 3u);
  EXPECT_EQ(changed[0], (Change{.key = "c", .data = "", .removed = true}));
  EXPECT_EQ(changed[1], (Change{.key = "b", .data = "22", .score = first[1].score}));
  EXPECT_EQ(changed[2].key, "d");
  EXPECT_LT(changed[2].score, first[1].score);
  EXPECT_EQ(window.bytes(), 7 + 3 * Window::kRowBytes);
  EXPECT_EQ(window.Replace({}).size(), 3u);
  EXPECT_EQ(window.bytes(), 0u);
}

// Whoever applies the changes has the rows, in their order.
TEST(Window, LeadsToEachResultInItsOrder) {
  std::mt19937 random(20261128);
  for (int run = 0; run < 50; ++run) {
    Window window;
    std::map<std::string, std::pair<std::string, std::int64_t>> mirror;
    std::vector<Row> rows;
    for (int step = 0; step < 60; ++step) {
      for (int n = static_cast<int>(random() % 4); n > 0; --n) {
        const std::size_t at = rows.empty() ? 0 : random() % rows.size();
        const std::string key = std::to_string(random() % 30);
        const bool is_there = std::ranges::find(rows, key, &Row::key) != rows.end();
        switch (random() % 4) {
          case 0:
            if (!is_there) rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(at), {key, "0"});
            break;
          case 1:
            if (!rows.empty()) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at));
            break;
          case 2:
            if (!rows.empty()) rows[at].data = std::to_string(random() % 3);
            break;
          default: std::ranges::shuffle(rows, random);
        }
      }
      for (const Change& change : window.Replace(rows)) {
        if (change.removed) {
          ASSERT_EQ(mirror.erase(change.key), 1u);
        } else {
          mirror[change.key] = {change.data, change.score};
        }
      }
      std::vector<std::pair<std::int64_t, Row>> ordered;
      for (const auto& [key, held] : mirror) ordered.push_back({-held.second, {key, held.first}});
      std::ranges::sort(ordered, {}, &std::pair<std::int64_t, Row>::first);
      ASSERT_EQ(ordered.size(), rows.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        ASSERT_EQ(ordered[i].second.key, rows[i].key);
        ASSERT_EQ(ordered[i].second.data, rows[i].data);
      }
    }
  }
}

}  // namespace
}  // namespace tidemill::queries::live
