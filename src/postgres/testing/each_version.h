// EachVersion: for tests that run against every version of PostgreSQL that there is a server of.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres::testing {

inline auto EachVersion() { return ::testing::Values(Version::kDebian, Version::k18); }

inline std::string VersionName(const ::testing::TestParamInfo<Version>& info) {
  return info.param == Version::k18 ? "V18" : "V15";
}

}  // namespace tidemill::postgres::testing
