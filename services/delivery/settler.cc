#include "services/delivery/settler.h"

#include <optional>

namespace hikyaku::delivery {

// Lives until both the session that waits and the writer are done with it.
struct Settler::Request {
  std::optional<spool::Settlement> settlement;
  std::optional<spool::Deferral> deferral;
  io::Wait* waiting = nullptr;  // null: nobody waits (any more)
  bool written = false;
};

struct Settler::Group {
  std::vector<std::shared_ptr<Request>> requests;
  std::vector<spool::Settlement> settlements;
  std::vector<spool::Deferral> deferrals;
};

Settler::Settler(io::Loop& loop, io::Workers& workers, spool::Spool& spool, spool::SpoolFlusher& flusher,
                 telemetry::Log& log)
    : loop_(loop), workers_(workers), spool_(spool), flusher_(flusher), log_(log) {}

Settler::~Settler() = default;

io::Task<bool> Settler::settle(spool::Settlement settlement) {
  auto request = std::make_unique<Request>();
  request->settlement = std::move(settlement);
  return submit(std::move(request));
}

io::Task<bool> Settler::defer(spool::Deferral deferral) {
  auto request = std::make_unique<Request>();
  request->deferral = std::move(deferral);
  return submit(std::move(request));
}

io::Task<bool> Settler::submit(std::unique_ptr<Request> owned) {
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
  co_return request->written;
}

spool::SpoolResult<> Settler::write(spool::Spool& spool, Group& group) {
  if (!group.deferrals.empty()) TRY_VOID(spool.defer(group.deferrals));
  if (!group.settlements.empty()) TRY_VOID(spool.settle(group.settlements));
  return {};
}

io::Task<void> Settler::write_all() {
  while (!waiting_.empty()) {
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
    for (const auto& request : group.requests) {
      request->written = written;
      if (request->waiting != nullptr) request->waiting->wake(io::Wake::Ready);
    }
    if (!written) break;
  }
  writing_ = false;
}

}  // namespace hikyaku::delivery
