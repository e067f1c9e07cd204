# Libraries, all from Debian's packages (docs/dependencies.md says which and why).
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(SUNDIALS 6.4 CONFIG REQUIRED COMPONENTS arkode cvode nvecserial)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial)
find_library(HDF5_HL_LIBRARY NAMES hdf5_serial_hl hdf5_hl HINTS ${HDF5_LIBRARY_DIRS} REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
find_package(BZip2 REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(MATIO IMPORTED_TARGET matio) # optional: MATLAB files are read
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq)
find_package(msgpack-c CONFIG QUIET) # version 6 and later; 4 and 5 are called msgpack
if(msgpack-c_FOUND)
  set(msgpack_library msgpack-c)
else()
  find_package(msgpack 4 CONFIG REQUIRED)
  set(msgpack_library msgpackc)
endif()

add_library(callosum_dependencies INTERFACE)
target_link_libraries(callosum_dependencies INTERFACE
  SUNDIALS::arkode SUNDIALS::cvode SUNDIALS::nvecserial PkgConfig::HDF5 ${HDF5_HL_LIBRARY} PkgConfig::YAML
  PkgConfig::ZIP BZip2::BZip2 ZLIB::ZLIB OpenSSL::Crypto PkgConfig::ZMQ ${msgpack_library}
  Threads::Threads m)
if(MATIO_FOUND)
  target_link_libraries(callosum_dependencies INTERFACE PkgConfig::MATIO)
  set(matio_requires matio) # for callosum.pc
endif()
