#include "server/method_roles.h"

#include <algorithm>

namespace tidemill::server {
namespace {

using api::Admission;
using api::Role;

constexpr Admission kViewers{.least = Role::kViewer};
constexpr Admission kOperators{.least = Role::kOperator, .acts = true};
// Those who see how the server is set up.
constexpr Admission kOperatorsLook{.least = Role::kOperator};
// Those who see what concerns people and secrets of the operation.
constexpr Admission kAdminsLook{.least = Role::kAdmin};
constexpr Admission kAdmins{.least = Role::kAdmin, .acts = true};
// What a worker or a backend says of itself.
constexpr Admission kPrograms{.least = std::nullopt, .acts = true};

constexpr MethodRole kRoles[] = {
    // Channels and connections.
    {"info", kViewers},
    {"channels", kViewers},
    {"connections", kViewers},
    {"presence", kViewers},
    {"presence_stats", kViewers},
    {"history", kViewers},
    {"map_read_state", kViewers},
    {"map_read_stream", kViewers},
    {"map_stats", kViewers},
    {"get_user_status", kViewers},
    {"publish", kOperators},
    {"broadcast", kOperators},
    {"history_remove", kOperators},
    {"map_publish", kOperators},
    {"map_remove", kOperators},
    {"map_clear", kOperators},
    {"subscribe", kOperators},
    {"unsubscribe", kOperators},
    {"refresh", kOperators},
    {"disconnect", kOperators},
    {"block_user", kOperators},
    {"unblock_user", kOperators},
    {"revoke_token", kOperators},
    {"invalidate_user_tokens", kOperators},
    {"delete_user_status", kOperators},
    {"update_user_status", kPrograms},
    {"rpc", kPrograms},
    // Jobs.
    {"jobs_counts", kViewers},
    {"jobs_queues", kViewers},
    {"jobs_list", kViewers},
    {"jobs_get", kViewers},
    {"jobs_workers", kViewers},
    {"jobs_batch", kViewers},
    {"jobs_batches", kViewers},
    {"jobs_sequences", kViewers},
    {"jobs_limits", kViewers},
    {"jobs_schedule", kViewers},
    {"jobs_schedules", kViewers},
    {"jobs_schedule_next", kViewers},
    {"jobs_webhooks", kViewers},
    {"jobs_push", kOperators},
    {"jobs_push_bulk", kOperators},
    {"jobs_cancel", kOperators},
    {"jobs_cancel_many", kOperators},
    {"jobs_kill", kOperators},
    {"jobs_kill_many", kOperators},
    {"jobs_retry", kOperators},
    {"jobs_redrive", kOperators},
    {"jobs_discard", kOperators},
    {"jobs_signal", kOperators},
    {"jobs_queue_pause", kOperators},
    {"jobs_queue_resume", kOperators},
    {"jobs_queue_remove", kOperators},
    {"jobs_sequence_skip", kOperators},
    {"jobs_limits_set", kOperators},
    {"jobs_limits_reset", kOperators},
    {"jobs_schedule_set", kOperators},
    {"jobs_schedule_remove", kOperators},
    {"jobs_schedule_pause", kOperators},
    {"jobs_schedule_resume", kOperators},
    {"jobs_schedule_run", kOperators},
    {"jobs_webhook_enable", kOperators},
    {"jobs_worker_quiet", kOperators},
    {"jobs_worker_terminate", kOperators},
    {"jobs_batch_new", kPrograms},
    {"jobs_batch_open", kPrograms},
    {"jobs_batch_commit", kPrograms},
    {"jobs_workflow_push", kPrograms},
    {"jobs_fetch", kPrograms},
    {"jobs_ack", kPrograms},
    {"jobs_fail", kPrograms},
    {"jobs_give_back", kPrograms},
    {"jobs_progress", kPrograms},
    {"jobs_beat", kPrograms},
    // The outbox.
    {"outbox_status", kViewers},
    {"outbox_parked", kViewers},
    {"outbox_retry", kOperators},
    {"outbox_drop", kOperators},
    // The server itself.
    {"config_show", kOperatorsLook},
    {"doctor", kOperatorsLook},
    // Accounts.
    {"accounts_users", kAdminsLook},
    {"accounts_audit", kAdminsLook},
    {"accounts_change", kAdmins},
    {"accounts_reset", kAdmins},
    {"accounts_owner_link", kAdmins},
};

static_assert(std::ranges::none_of(kRoles, [](const MethodRole& each) {
  return each.admission.acts && each.admission.least == Role::kViewer;
}));

}  // namespace

std::span<const MethodRole> MethodRoles() { return kRoles; }

void SetAdmissions(std::vector<api::Method>& methods) {
  for (api::Method& method : methods) {
    const auto found = std::ranges::find(kRoles, method.name.text, &MethodRole::method);
    if (found != std::end(kRoles)) method.admission = found->admission;
  }
}

}  // namespace tidemill::server
