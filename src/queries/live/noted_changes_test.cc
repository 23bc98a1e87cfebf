#include "queries/live/noted_changes.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::queries::live {
namespace {

// "public.orders(customer:7,8 status:)"
std::string Told(const NotedChanges& noted) {
  std::string text;
  for (const TableChange& change : noted.Changes()) {
    text += (text.empty() ? "" : " ") + change.table + "(";
    for (const TouchedColumn& each : change.columns) {
      text += each.column + ":";
      for (const std::string& value : each.values) text += value + ",";
    }
    text += ")";
  }
  return text;
}

TEST(NotedChanges, TheValuesOfAllTransactionsAreTold) {
  NotedChanges noted;
  EXPECT_TRUE(noted.empty());
  noted.AddChange("12", "public.orders");
  noted.AddValue("12", "public.orders", "customer", "v7");
  noted.AddValue("12", "public.orders", "customer", "n");
  noted.AddChange("13", "public.orders");
  noted.AddValue("13", "public.orders", "customer", "v8");
  noted.AddValue("13", "public.orders", "customer", "x");
  noted.AddChange("13", "public.plain");
  EXPECT_EQ(Told(noted), "public.orders(customer:7,8,) public.plain()");
  EXPECT_EQ(noted.Transactions(), (std::vector<std::string>{"12", "13"}));
}

TEST(NotedChanges, ATransactionThatNotesNoValueMayHaveTouchedAny) {
  NotedChanges noted;
  noted.AddChange("12", "a");
  noted.AddValue("12", "a", "customer", "v7");
  noted.AddValue("12", "a", "status", "vopen");
  noted.AddChange("13", "a");
  noted.AddValue("13", "a", "status", "n");
  EXPECT_EQ(Told(noted), "a(status:open,)");
  noted.AddChange("14", "a");
  EXPECT_EQ(Told(noted), "a()");
}

TEST(NotedChanges, WhatIsMarkedSoMayHaveTouchedAny) {
  NotedChanges noted;
  noted.AddChange("12", "a");
  noted.AddValue("12", "a", "customer", "v7");
  noted.AddValue("12", "a", "", "");
  EXPECT_EQ(Told(noted), "a()");
  noted.AddChange("13", "a");
  noted.AddValue("13", "a", "customer", "v7");
  EXPECT_EQ(Told(noted), "a()");
}

}  // namespace
}  // namespace tidemill::queries::live
