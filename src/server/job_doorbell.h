// JobDoorbell: hears when a transaction has enqueued jobs in PostgreSQL (LISTEN), and sends the engine to its
// inbox. While it hears nothing the engine looks by itself, which the log says once.
//
// Of the engine's loop; made before that runs, on the main thread, and ended when it has stopped. The engine
// and the databases outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/engine/engine.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "postgres/listening/listener.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Databases;

class JobDoorbell final : postgres::ListenerEvents {
 public:
  // Null where the jobs are not in PostgreSQL.
  static std::unique_ptr<JobDoorbell> Make(net::Loop& loop, jobs::Engine& engine, const Databases& databases,
                                           const settings::Settings& settings);
  ~JobDoorbell();

  // On the loop.
  void Start();
  void EndTasks() { scope_.reset(); }

 private:
  JobDoorbell(net::Loop& loop, jobs::Engine& engine, const Databases& databases,
              const settings::Settings& settings);

  Task<void> Listen();
  void OnNotification(std::string_view channel, std::string_view payload) override;
  void OnLost() override;
  void OnRestored() override;

  net::Loop& loop_;
  jobs::Engine& engine_;
  const std::string schema_;
  const std::unique_ptr<postgres::Listener> listener_;
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
