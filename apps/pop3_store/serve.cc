#include "apps/pop3_store/serve.h"

#include "apps/pop3_front/opening.h"
#include "apps/pop3_store/maildrop.h"
#include "services/telemetry/events.h"

namespace hikyaku::apps {
namespace {
constexpr Duration close_limit = 5s;

// One session's place in the list.
struct Place : io::Hook {
  Place(Pop3Store& around, AccountId whose, io::Connection& connection) : account(whose), began(around.loop.clock().wall()), stream(connection) { link_before(around.sessions); }

  const AccountId account;
  const WallTime began;
  io::Connection& stream;
  bool is_over = false;
};

Task<pop3::Answer> ask(const Pop3Store& around, Maildrop& drop, pop3::Request request) {
  auto working = around.workers.run(around.loop, [&drop, &around, wanted = std::move(request)] {
    return drop.answer(wanted, around.loop.clock().now() + around.store_limit);
  });
  auto answer = co_await std::move(working);
  if (answer) co_return std::move(*answer);
  co_return pop3::Trouble::Temporary;  // too many wait already
}

void log_trouble(const Pop3Store& around, const front::LoggedIn& who, const Maildrop& drop, const pop3::Answer& answer) {
  const auto* trouble = std::get_if<pop3::Trouble>(&answer);
  if (trouble == nullptr || *trouble != pop3::Trouble::Temporary) return;
  around.log.write(telemetry::events::storage_trouble, {.account = who.address, .client = who.client_address, .reason = drop.problem()});
}
}  // namespace

Task<void> serve_pop3(Pop3Store& around, front::LoggedIn who, std::unique_ptr<io::Connection> stream) {
  auto opening = decode_opening(who.opening);
  if (!opening) co_return;
  pop3::Session session(std::move(opening->received));
  if (around.log.wants(telemetry::events::pop3_command)) {
    session.overhear([&around, &who](std::string_view line) {
      around.log.write(telemetry::events::pop3_command, {.account = who.address, .client = who.client_address, .command = line});
    });
  }
  Maildrop drop(around.store, who.account);
  Place place(around, who.account, *stream);
  for (;;) {
    if (place.is_over) session.end();
    auto step = session.next();
    if (std::holds_alternative<pop3::NeedInput>(step)) {
      auto reading = stream->read(around.loop.after(around.idle));
      const auto octets = co_await std::move(reading);
      const bool may = !around.may_read || around.may_read(who.account, place.began);
      if (octets && may) session.receive(*octets);
      else session.end();
      stream->release_buffer();
    } else if (auto* send = std::get_if<pop3::Send>(&step)) {
      auto writing = stream->write(send->octets, around.loop.after(around.idle));
      const auto written = co_await std::move(writing);
      if (!written) session.end();
    } else if (auto* wanted = std::get_if<pop3::Ask>(&step)) {
      auto asking = ask(around, drop, std::move(wanted->request));
      auto answer = co_await std::move(asking);
      log_trouble(around, who, drop, answer);
      session.answer(std::move(answer));
    } else {
      break;
    }
  }
  place.unlink();
  around.log.write(telemetry::events::pop3_closed, {.account = who.address, .client = who.client_address, .count = session.deleted()});
  auto closing = stream->close(around.loop.after(close_limit));
  co_await std::move(closing);
}

Task<void> watch_over(Pop3Store& around) {
  while (!around.loop.stopping()) {
    const auto woken = co_await around.loop.sleep_until(around.loop.after(1s));
    if (woken == io::Wake::Cancelled) co_return;
    for (auto* hook = around.sessions.next(); around.may_read && hook != &around.sessions; hook = hook->next()) {
      auto& place = *static_cast<Place*>(hook);
      if (place.is_over || around.may_read(place.account, place.began)) continue;
      place.is_over = true;
      place.stream.interrupt();
    }
  }
}

}  // namespace hikyaku::apps
