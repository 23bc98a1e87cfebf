#include "realtime/control/directory.h"

#include <gtest/gtest.h>

namespace tidemill::control {
namespace {

ConnectionsPage Page(std::vector<std::string> clients, bool has_more = false) {
  ConnectionsPage page{.connections = {}, .has_more = has_more};
  for (std::string& client : clients) page.connections.push_back({.client = std::move(client)});
  return page;
}

// Whoever reads page after page sees every connection once: none lies before a cursor that was not told.
TEST(MergeOfPages, GoesNoFurtherThanEveryPageDoes) {
  struct Case {
    const char* name;
    std::vector<ConnectionsPage> pages;
    std::uint32_t limit;
    ConnectionsPage want;
  };
  const Case cases[] = {
      {"nothing", {}, 5, Page({})},
      {"all of several", {Page({"b", "d"}), Page({"a"}), Page({})}, 5, Page({"a", "b", "d"})},
      {"the limit", {Page({"b", "d"}), Page({"a", "c"})}, 3, Page({"a", "b", "c"}, true)},
      {"exactly the limit", {Page({"b"}), Page({"a"})}, 2, Page({"a", "b"})},
      {"one has more", {Page({"a", "c"}, true), Page({"b", "d"})}, 9, Page({"a", "b", "c"}, true)},
      {"two have more", {Page({"a", "f"}, true), Page({"b", "d"}, true)}, 9, Page({"a", "b", "d"}, true)},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Merge(c.pages, c.limit), c.want);
  }
}

}  // namespace
}  // namespace tidemill::control
