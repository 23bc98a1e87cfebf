// SettingsTest: a folder of its own to be in, so that files have the short names that messages show.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <string_view>

#include "base/testing/temporary_folder.h"
#include "settings/settings.h"

namespace tidemill::settings::testing {

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() { EXPECT_EQ(chdir(folder_.path().c_str()), 0); }
  ~SettingsTest() override { EXPECT_EQ(chdir("/"), 0); }

  static void Write(const std::string& name, std::string_view content) {
    std::ofstream(name, std::ios::binary) << content;
  }
  static Result<Settings> LoadText(std::string_view text) {
    Write("tidemill.toml", text);
    return Load({.file = "tidemill.toml"});
  }
  // The detail of the error; "" when there was none.
  static std::string Why(const Result<Settings>& loaded) { return loaded ? "" : loaded.error().detail; }

 private:
  const tidemill::testing::TemporaryFolder folder_;
};

}  // namespace tidemill::settings::testing
