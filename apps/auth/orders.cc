#include "apps/auth/orders.h"

#include "services/abuse/login_folder.h"
#include "services/abuse/penalty_text.h"
#include "services/telemetry/abuse_events.h"

namespace hikyaku::apps {
namespace {

constexpr Duration look_interval = 300ms;
constexpr std::size_t most_rows = 10'000, most_orders = 100;
constexpr std::uint64_t longest_order = 1'000;

}  // namespace

LoginOrders::LoginOrders(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, directory::LoginGuard& guard)
    : service_(service), loop_(loop), workers_(workers), disk_(disk), guard_(guard) {
  for (const auto folder : {abuse::orders_folder, abuse::answers_folder})
    if (const auto made = disk_.make_folder(service.path(folder)); !made) service.log().write(telemetry::events::storage_trouble, {.reason = made.error().what});
}

std::vector<LoginOrders::Order> LoginOrders::waiting() {
  std::vector<Order> orders;
  const auto names = disk_.list(service_.path(abuse::orders_folder));
  if (!names) return orders;
  for (const auto& name : *names) {
    if (orders.size() == most_orders || name.ends_with(".new") || name.ends_with("~")) continue;
    auto text = io::read_file(disk_, service_.path(abuse::orders_folder) + "/" + name, longest_order);
    orders.push_back({name, text ? *std::move(text) : std::string{}});
  }
  return orders;
}

std::string LoginOrders::carry_out(const Order& order) {
  if (order.text == "list\n") return abuse::penalties_text(guard_.penalties().list(loop_.now(), most_rows));
  constexpr std::string_view lift = "lift ";
  const auto end = order.text.find('\n');
  if (!order.text.starts_with(lift) || end == std::string::npos) return "?\n";
  const auto who = order.text.substr(lift.size(), end - lift.size()), by = order.text.substr(end + 1);
  const auto lifted = who == "*" ? guard_.penalties().lift_all() : guard_.penalties().lift(who);
  if (lifted > 0) service_.log().write(telemetry::events::login_lifted, {.count = lifted, .by = by, .text = who});
  return std::to_string(lifted) + "\n";
}

Task<void> LoginOrders::run() {
  while (!loop_.stopping()) {
    auto looking = workers_.run(loop_, [this] { return waiting(); });
    const auto orders = co_await std::move(looking);
    if (orders && !orders->empty()) {
      std::vector<std::string> answers;
      for (const auto& order : *orders) answers.push_back(carry_out(order));
      auto answering = workers_.run(loop_, [&] {
        for (std::size_t i = 0; i < orders->size(); ++i) {
          const auto& name = (*orders)[i].name;
          (void)io::replace_file(disk_, service_.path(abuse::answers_folder) + "/" + name, answers[i]);
          (void)disk_.remove(service_.path(abuse::orders_folder) + "/" + name);
        }
      });
      const auto answered = co_await std::move(answering);
      (void)answered;
    }
    const auto woken = co_await loop_.sleep_until(loop_.after(look_interval));
    if (woken == io::Wake::Cancelled) co_return;
  }
}

}  // namespace hikyaku::apps
