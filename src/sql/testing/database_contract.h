// The contract of Database, as tests. An implementation's x_contract_test.cc says, for each suite,
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StatementContract, ::testing::ValuesIn(params),
//   StatementContract::Name);
//
// For ConcurrentWritersContract, SchemaLockContract and RolesContract only if it has what they ask for. Each
// suite defines its Name in the source of its tests; who uses that Name makes the linker take the tests from
// their library.
#pragma once

#include "sql/testing/concurrent_writers_contract.h"
#include "sql/testing/failure_contract.h"
#include "sql/testing/limit_contract.h"
#include "sql/testing/roles_contract.h"
#include "sql/testing/schema_contract.h"
#include "sql/testing/settings_contract.h"
#include "sql/testing/statement_contract.h"
#include "sql/testing/stream_contract.h"
#include "sql/testing/transaction_contract.h"
#include "sql/testing/value_contract.h"
