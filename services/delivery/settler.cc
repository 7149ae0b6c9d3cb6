#include "services/delivery/settler.h"

#include <optional>
#include <utility>

namespace hikyaku::delivery {
namespace {
// Where many sessions come, the outcomes of this time share one call of the spool.
constexpr auto gathered_for = 1ms;
}  // namespace

// Lives until both the session that waits and the writer are done with it.
struct Settler::Request {
  std::optional<spool::Settlement> settlement;
  std::optional<spool::Deferral> deferral;
  io::Wait* waiting = nullptr;  // null: nobody waits (any more)
  Ending ending = Ending::Stopped;
};

struct Settler::Group {
  std::vector<std::shared_ptr<Request>> requests;
  std::vector<spool::Settlement> settlements;
  std::vector<spool::Deferral> deferrals;
  // One for each settlement and deferral, null: written. Filled when the group could not be written as one.
  std::vector<std::optional<spool::SpoolError>> impossible_settlements, impossible_deferrals;
};

namespace {
// What is wrong with the one message, and will be at the next try too.
bool is_of_the_message(const spool::SpoolError& error) {
  return spool::is_gone_for_good(error.kind) || error.kind == spool::SpoolFailure::TooLarge;
}
// A full disk drains only by outcomes: those that need no space must not wait for texts that do.
bool concerns_one(const spool::SpoolError& error) {
  return is_of_the_message(error) || error.kind == spool::SpoolFailure::NoSpace || error.kind == spool::SpoolFailure::Overtaken;
}
Settler::Ending ending_of(const spool::SpoolError& error) {
  const bool over = error.kind == spool::SpoolFailure::Gone || error.kind == spool::SpoolFailure::NotFound;
  if (error.kind == spool::SpoolFailure::NoSpace) return Settler::Ending::NoRoom;
  if (error.kind == spool::SpoolFailure::Overtaken) return Settler::Ending::Overtaken;
  return over ? Settler::Ending::Over : Settler::Ending::Impossible;
}
}  // namespace

Settler::Settler(io::Loop& loop, io::Workers& workers, spool::Spool& spool, spool::SpoolFlusher& flusher,
                 telemetry::Log& log, std::function<bool()> many_come)
    : loop_(loop), workers_(workers), spool_(spool), flusher_(flusher), log_(log), many_come_(std::move(many_come)) {}

Settler::~Settler() = default;

Task<Settler::Ending> Settler::settle(spool::Settlement settlement) {
  auto request = std::make_unique<Request>();
  request->settlement = std::move(settlement);
  return submit(std::move(request));
}

Task<Settler::Ending> Settler::defer(spool::Deferral deferral) {
  auto request = std::make_unique<Request>();
  request->deferral = std::move(deferral);
  return submit(std::move(request));
}

Task<Settler::Ending> Settler::submit(std::unique_ptr<Request> owned) {
  // Takes the waiting pointer back when the session is destroyed while it waits.
  struct Forget {
    Request& request;
    ~Forget() { request.waiting = nullptr; }
  };
  const std::shared_ptr<Request> request = std::move(owned);
  waiting_.push_back(request);
  if (!writing_) {
    writing_ = true;
    loop_.spawn(write_all());
  }
  io::Wait wait(loop_, nullptr, Instant::max(), io::Wake::Cancelled);
  request->waiting = &wait;
  const Forget forget{*request};
  co_await wait;
  co_return request->ending;
}

spool::SpoolResult<> Settler::write(spool::Spool& spool, Group& group) {
  auto written = group.deferrals.empty() ? spool::SpoolResult<>{} : spool.defer(group.deferrals);
  if (written && !group.settlements.empty()) written = spool.settle(group.settlements);
  return !written && concerns_one(written.error()) ? write_one_by_one(spool, group) : written;
}

// One message that cannot be written must not keep the outcomes of all others in memory. Repeating is harmless.
spool::SpoolResult<> Settler::write_one_by_one(spool::Spool& spool, Group& group) {
  group.impossible_deferrals.assign(group.deferrals.size(), std::nullopt);
  group.impossible_settlements.assign(group.settlements.size(), std::nullopt);
  for (std::size_t i = 0; i < group.deferrals.size(); ++i)
    if (auto written = spool.defer(std::span(group.deferrals).subspan(i, 1)); !written) {
      if (!concerns_one(written.error())) return written;
      group.impossible_deferrals[i] = std::move(written).error();
    }
  for (std::size_t i = 0; i < group.settlements.size(); ++i)
    if (auto written = spool.settle(std::span(group.settlements).subspan(i, 1)); !written) {
      if (!concerns_one(written.error())) return written;
      group.impossible_settlements[i] = std::move(written).error();
    }
  return {};
}

Task<void> Settler::write_all() {
  while (!waiting_.empty()) {
    if (const auto until = last_write_ + gathered_for; many_come_ && loop_.now() < until && many_come_()) (void)co_await loop_.sleep_until(until);
    last_write_ = loop_.now();
    Group group;
    group.requests.swap(waiting_);
    for (const auto& request : group.requests) {
      if (request->settlement) group.settlements.push_back(std::move(*request->settlement));
      if (request->deferral) group.deferrals.push_back(std::move(*request->deferral));
    }
    bool written = false;
    while (!written) {
      auto work = workers_.run(loop_, [this, &group] { return write(spool_, group); });
      const auto ran = co_await std::move(work);
      written = ran && ran->has_value();
      if (written) break;
      const std::string why = ran ? ran->error().what : "all workers are busy";
      log_.write(telemetry::events::storage_trouble, {.reason = why});
      const auto outcome = co_await loop_.sleep_until(loop_.after(1s));
      if (outcome == io::Wake::Cancelled) break;
    }
    if (written) flusher_.outcomes_written();
    std::size_t settlement = 0, deferral = 0;
    std::vector<std::shared_ptr<Request>> later;
    bool told_of_space = false;
    for (const auto& request : group.requests) {
      const bool settles = request->settlement.has_value();
      const auto at = settles ? settlement++ : deferral++;
      const auto& impossible = settles ? group.impossible_settlements : group.impossible_deferrals;
      const bool refused = written && at < impossible.size() && impossible[at].has_value();
      request->ending = !written ? Ending::Stopped : refused ? ending_of(*impossible[at]) : Ending::Written;
      if (refused) {
        const auto& id = settles ? group.settlements[at].message.id : group.deferrals[at].message.id;
        // Of all that wait for space one line is enough: the log is on the same disk.
        const bool told = request->ending == Ending::Overtaken || (request->ending == Ending::NoRoom && std::exchange(told_of_space, true));
        if (!told)
          log_.write(telemetry::events::storage_trouble, {.message = id, .reason = impossible[at]->what});
        // What became of the recipient is certain and must be written, however long it takes.
        if (settles && request->ending == Ending::NoRoom) {
          request->settlement = std::move(group.settlements[at]);
          later.push_back(request);
          continue;
        }
      }
      if (request->waiting != nullptr) request->waiting->wake(io::Wake::Ready);
    }
    if (!later.empty()) loop_.spawn(write_later(std::move(later)));
    if (!written) break;
  }
  writing_ = false;
}

Task<void> Settler::write_later(std::vector<std::shared_ptr<Request>> requests) {
  later_ += requests.size();
  const auto outcome = co_await loop_.sleep_until(loop_.after(1s));
  later_ -= requests.size();
  if (outcome == io::Wake::Cancelled) {
    for (const auto& request : requests) {
      request->ending = Ending::Stopped;
      if (request->waiting != nullptr) request->waiting->wake(io::Wake::Ready);
    }
    co_return;
  }
  waiting_.insert(waiting_.end(), requests.begin(), requests.end());
  if (writing_) co_return;
  writing_ = true;
  loop_.spawn(write_all());
}

}  // namespace hikyaku::delivery
