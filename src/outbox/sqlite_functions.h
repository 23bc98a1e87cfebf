// What SQL may call in SQLite, through this server's writer: tidemill_publish, tidemill_enqueue and
// tidemill_webhook, as the functions of Postgres do.
//
//   select tidemill_publish('orders', json_object('id', 17));
//   select tidemill_publish('orders', json_object('id', 17), json_object('key', 'order-17'));
//   select tidemill_enqueue('SendReceipt', json_array(17), json_object('queue', 'mail'));
//   select tidemill_webhook('crm', json_object('id', 17));
//
// Any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sqlite/function.h"

namespace tidemill::outbox {

struct SqliteFunctionOptions {
  bool publishes = false;  // the outbox is on
  bool enqueues = false;   // the jobs are
  // After the commit; on the writer's thread.
  std::function<void()> published;
  std::function<void()> enqueued;
};

std::vector<std::shared_ptr<const sqlite::Function>> SqliteFunctions(const SqliteFunctionOptions& options);

}  // namespace tidemill::outbox
