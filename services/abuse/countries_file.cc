#include "services/abuse/countries_file.h"

namespace hikyaku::abuse {

CountriesFile::Look CountriesFile::follow() {
  const auto stamp = io::stamp_of_file(file_);
  {
    const std::lock_guard lock(mutex_);
    if (seen_ == stamp) return {};
    seen_ = stamp;
  }
  if (stamp == io::FileStamp{}) return {};
  auto opened = Countries::open(file_);
  if (!opened) return {{}, std::move(opened).error()};
  std::shared_ptr<const Countries> countries = std::move(*opened);
  const std::lock_guard lock(mutex_);
  in_force_ = countries;
  return {std::move(countries), {}};
}

void CountriesFile::forget() {
  const std::lock_guard lock(mutex_);
  in_force_.reset(), seen_.reset();
}

std::string CountriesFile::country_of(std::string_view address) const {
  std::shared_ptr<const Countries> countries;
  {
    const std::lock_guard lock(mutex_);
    countries = in_force_;
  }
  return countries ? countries->of(address) : std::string{};
}

}  // namespace hikyaku::abuse
