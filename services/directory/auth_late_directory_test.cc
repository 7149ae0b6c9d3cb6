// Questions to auth while its view of the directory is late.
#include "services/directory/test_auth.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

// The reader looks each 250 ms, and what it saw counts for a second.
Task<void> late_directory(AuthRig& rig) {
  for (std::uint64_t look = 0; look < 6; ++look) rig.engine.faults().at(look, storage::EngineFault::Timeout);
  while (rig.reader->snapshot()) co_await rig.loop.sleep_until(rig.loop.after(1ms));
  auto asking = rig.client->rights(over_tls);
  auto rights = co_await std::move(asking);
  CHECK_MESSAGE(std::holds_alternative<PeerRights>(rights), "who asks waits for the reader's next look");
  for (std::uint64_t look = 0; look < 1'000; ++look) rig.engine.faults().at(look, storage::EngineFault::Timeout);
  while (rig.reader->snapshot()) co_await rig.loop.sleep_until(rig.loop.after(1ms));
  asking = rig.client->rights(over_tls);
  rights = co_await std::move(asking);
  CHECK_MESSAGE(std::holds_alternative<TemporaryFailure>(rights), "but not for ever");
  auto quickest = Duration::max();
  for (int times = 0; times < 3; ++times) {
    const auto began = rig.loop.now();
    asking = rig.client->rights(over_tls);
    rights = co_await std::move(asking);
    CHECK(std::holds_alternative<TemporaryFailure>(rights));
    quickest = std::min(quickest, rig.loop.now() - began);
  }
  CHECK_MESSAGE(quickest < 1s, "and once it did not come the next ones do not wait two seconds each");
}

}  // namespace

TEST_CASE("a question waits for a directory that is late, and is put off when it does not come") { AuthRig().run({at_once}, late_directory); }
