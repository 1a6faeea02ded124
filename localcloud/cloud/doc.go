// Package cloud is the state behind the local cloud's API and the loop that moves
// it: the loop samples CPU, steps the scaling engine and carries out what the
// engine asks for on the fleet and the load balancer.
//
// New takes the fleet and the balancer behind small interfaces, so that a cloud
// runs without processes and sockets as well. In a testing/synctest bubble it runs
// in virtual time: time comes from package time alone, no lock is held while
// anything waits, and Run returns once every goroutine has ended.
//
//	c, err := cloud.New(cloud.Config{Region: …, AccountID: …, Images: …, Fleet: …, Balancer: …})
//	mux := awsapi.NewMux(awsapi.Config{…})
//	localcloud.Register(mux, c) // all services
//	go c.Run(ctx)               // until ctx is done
//
// The operations of each AWS service are a package of their own, such as elbapi.
// They see the state inside Change and Read only, while the lock is held; what
// waits for a process or a socket is done off the lock, and what became of it comes
// back through the inbox, which only has a leaf lock of its own.
package cloud
