#include "net/connection_limiter.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <thread>
#include <vector>

namespace tidemill::net {
namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

TEST(ConnectionLimiter, RefusesOverTheTotalUntilOneIsReleased) {
  const auto limiter = ConnectionLimiter::Make({.connections_max = 2});
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.1")), Admission::kAdmitted);
  EXPECT_EQ(limiter->Admit(IpAddress{}), Admission::kAdmitted);
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.2")), Admission::kTooManyConnections);
  EXPECT_EQ(limiter->connections(), 3u);  // the refused one is still there while it is told so
  limiter->Release(Ip("10.0.0.2"));
  limiter->Release(IpAddress{});
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.2")), Admission::kAdmitted);
}

TEST(ConnectionLimiter, CountsPerAddressAndPerIpv6Network) {
  const auto limiter = ConnectionLimiter::Make({.connections_per_address_max = 1});
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.1")), Admission::kAdmitted);
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.2")), Admission::kAdmitted);
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.1")), Admission::kTooManyFromAddress);
  EXPECT_EQ(limiter->Admit(Ip("2001:db8::1")), Admission::kAdmitted);
  EXPECT_EQ(limiter->Admit(Ip("2001:db8::2")), Admission::kTooManyFromAddress);
  EXPECT_EQ(limiter->Admit(Ip("2001:db8:0:1::1")), Admission::kAdmitted);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter->Admit(IpAddress{}), Admission::kAdmitted);
}

TEST(ConnectionLimiter, NewLimitsCountWhatIsThere) {
  const auto limiter = ConnectionLimiter::Make({});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter->Admit(Ip("10.0.0.1")), Admission::kAdmitted);
  limiter->ReplaceLimits({.connections_per_address_max = 3});
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.1")), Admission::kTooManyFromAddress);
  limiter->ReplaceLimits({});
  EXPECT_EQ(limiter->Admit(Ip("10.0.0.1")), Admission::kAdmitted);
}

TEST(ConnectionLimiter, CountsExactlyAcrossThreads) {
  const auto limiter = ConnectionLimiter::Make({});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&limiter] {
        for (int i = 0; i < 5000; ++i) {
          limiter->Admit(Ip("10.0.0.1"));
          if (i % 2 == 0) limiter->Release(Ip("10.0.0.1"));
        }
      });
    }
  }
  EXPECT_EQ(limiter->connections(), 10'000u);
}

TEST(ConnectionLimiter, AProxyMayHaveAnyNumberAndItsClientsMayNot) {
  const std::vector<std::string> networks = {"10.0.0.0/8"};
  const auto limiter =
      ConnectionLimiter::Make({.connections_per_address_max = 1,
                               .proxies = std::make_shared<const Networks>(*Networks::Parse(networks))});
  const IpAddress proxy = *IpAddress::Parse("10.0.0.1");
  const IpAddress client = *IpAddress::Parse("192.0.2.7");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter->Admit(proxy), Admission::kAdmitted);
  EXPECT_EQ(limiter->Move(proxy, client), Admission::kAdmitted);
  EXPECT_EQ(limiter->Move(proxy, client), Admission::kTooManyFromAddress);
  EXPECT_EQ(limiter->connections(), 3u) << "it moves, and stays one";
  limiter->Release(client);
  limiter->Release(client);
  EXPECT_EQ(limiter->Move(proxy, client), Admission::kAdmitted);
  EXPECT_EQ(limiter->Move(client, IpAddress{}), Admission::kAdmitted) << "a Unix socket's peer";
  limiter->Release(IpAddress{});
  EXPECT_EQ(limiter->connections(), 0u);
}

}  // namespace
}  // namespace tidemill::net
