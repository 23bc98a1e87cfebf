// Doorbell: hears when a transaction in PostgreSQL has put something into a table of ours (LISTEN), and tells
// whoever takes it out. While it hears nothing they look by themselves, which the log says once.
//
// Of one loop; made before that runs, on the main thread, and ended when it has stopped. What it tells and
// the databases outlive it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "postgres/listening/listener.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Databases;

class Doorbell final : postgres::ListenerEvents {
 public:
  struct Bell {
    std::string channel;              // of NOTIFY; its payload is our schema
    std::function<void()> ring;       // something is there
    std::function<void(bool)> hears;  // whether `ring` is called from now on
    std::string_view unheard_event;   // of the log, where nobody can listen
    std::string_view unheard_effect;
  };
  // Null where the tables are not in PostgreSQL.
  static std::unique_ptr<Doorbell> Make(net::Loop& loop, Bell bell, const Databases& databases,
                                        const settings::Settings& settings);
  ~Doorbell();

  // On the loop.
  void Start();
  void EndTasks() { scope_.reset(); }

 private:
  Doorbell(net::Loop& loop, Bell bell, const Databases& databases, const settings::Settings& settings);

  Task<void> Listen();
  void OnNotification(std::string_view channel, std::string_view payload) override;
  void OnLost() override { bell_.hears(false); }
  void OnRestored() override { bell_.hears(true); }

  net::Loop& loop_;
  const Bell bell_;
  const std::string schema_;
  const std::unique_ptr<postgres::Listener> listener_;
  std::optional<TaskScope> scope_{std::in_place};
};

}  // namespace tidemill::server
