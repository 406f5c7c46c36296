package api

import "einverstanden/backend/paper"

// qrBody is a QR code for the screen.
type qrBody struct {
	Path    string `json:"path" doc:"data of one SVG path; one unit is one module"`
	Modules int    `json:"modules" doc:"width and height, with the quiet zone"`
}

func newQRBody(text string) (body qrBody, err error) {
	body.Path, body.Modules, err = paper.QRPath(text)
	return body, err
}
