// What `status` and the `service` commands share: asking the server, and showing services as a table.
#pragma once

#include <optional>

#include "apps/cli/command.h"
#include "apps/cli/terminal/json_view.h"
#include "apps/supervisor/control_socket.h"
#include "apps/supervisor/service_table.h"

namespace hikyaku::cli {

// The server's JSON answer, or nothing after the reason was printed.
[[nodiscard]] std::optional<std::string> ask(Invocation& call, const apps::ControlRequest& request);
[[nodiscard]] std::string short_stamp(const std::string& stamp);  // "2026-11-22T09:00:00.123456+09:00" as people read it
void print_services(Invocation& call, const JsonView& status);
// "deliver: stopped since 2026-11-22 09:00:00 by root"
[[nodiscard]] std::string service_line(const Invocation& call, const JsonView& service);
// What SERVICE names. Null: the reason was printed.
[[nodiscard]] const apps::ServiceEntry* wanted_service(const Invocation& call);
// Sends "start", "stop" or "restart", waits, prints how the service stands; `more_json`: members to add to it, each with its comma.
[[nodiscard]] Exit order_service(Invocation& call, std::string_view verb, std::string_view more_json = {});
// Names and E-Post's aliases, for completion.
[[nodiscard]] std::vector<std::string_view> service_choices();

}  // namespace hikyaku::cli
