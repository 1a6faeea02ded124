# secondwind and its calculator in an image that holds nothing else: no shell, no libc, no root.
#
#   docker build --build-arg VERSION="$(git describe --tags --always --dirty)" -t secondwind .
#   docker run --rm -v "$PWD:/work" -w /work --user "$(id -u):$(id -g)" secondwind soak -f my.yaml
#
# A program of yours that the scenario starts has to be in the image, too: docs/your-service.md.
# `make image` carries out these steps without a container engine, and checks what they build.

FROM golang:1.26.0-bookworm@sha256:2a0ba12e116687098780d3ce700f9ce3cb340783779646aafbabed748fa6677c AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG OUT=/out
RUN CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags "-s -w -X main.version=$VERSION" -o "$OUT/" ./cmd/secondwind ./cmd/calculator

FROM gcr.io/distroless/static-debian12:nonroot@sha256:d093aa3e30dbadd3efe1310db061a14da60299baff8450a17fe0ccc514a16639
COPY --from=build /out/ /usr/local/bin/
WORKDIR /home/nonroot
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/secondwind"]
CMD ["--help"]
